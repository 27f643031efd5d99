//! -R and -w: where the program is.

use super::{Stage, as_root};
use hc_tests::{Cmd, can_make_hosts, require, user_namespaces};

const WORKING_DIRECTORIES: &[&str] = &[
    "-w /",
    "-w /tmp",
    "-w //tmp/.//",
    "-w /tmp/..",
    "-w .",
    "-w ..",
    "-w root",
    "-w ./root/a",
    "-w root/../bound",
    "-w root/a -f",
    "-w /proc",
    "-w /nosuch -w /tmp",
    "-w /tmp -w root",
    "-w ROOT",
    "-w ROOT/a/b -f",
];

/// Without -m this is chroot(2) for both.
const ROOTS: &[&str] = &[
    "-R BOUND",
    "-R ROOT",
    "-RBOUND",
    "--root=BOUND",
    "-R BOUND -f",
    "-R BOUND -u",
    "-R BOUND -w /a",
    "-w /a -R BOUND",
    "-R BOUND -w /link",
    "-R BOUND -w /a/b -f",
    "-R BOUND -w /../../a",
    "-R /nosuch -R BOUND",
    "-R bound",
    "-R ./bound/../bound/",
    "-R / -w /tmp",
    "-R / -w BOUND",
    "-R /",
    "-R bound/. -w /",
    "-R BOUND -w /proc",
];

const ROOTS_OF_ROOT: &[&str] = &[
    "-R BOUND -S 1000 -G 1000",
    "-R BOUND -fpiunC",
    "-R BOUND -T --monotonic=100000",
    "-R BOUND --kill-child",
    "-R BOUND -U",
];

/// With -m: ours leaves the old root for good, and the program sees the same all the same.
const ROOTS_IN_MOUNT_NAMESPACES: &[&str] = &[
    "-m -R BOUND",
    "-m -R BOUND -w /a",
    "-m -R ROOT --mount-proc",
    "-mR ROOT --mount-proc -w /a/b",
    "-fpm -R ROOT --mount-proc",
    "-fpiumn --mount-proc --root=ROOT",
    "-fpiumn --mount-proc=/a --root=BOUND",
    "-muinpCTf --mount-proc -R ROOT",
    "-muinpUCTf --mount-proc -R ROOT",
    "-rfpm --mount-proc -R ROOT",
    "-rfpm --mount-proc -R ROOT -w /link",
    "-cfpm --mount-proc -R ROOT",
    "-cfpm --mount-proc -R ROOT --keep-caps",
    "-rm -R BOUND",
    "-rm -R /",
    "-m -R / -w /tmp",
    "-fpm --mount-proc=/link -R ROOT",
    "-fpm --mount-proc=/a/../proc -R ROOT",
];

const REFUSED: &[&str] = &[
    "-w /nosuch",
    "-w nosuch",
    "-w ''",
    "-w FILE",
    "-w FILE/x",
    "-R /nosuch",
    "-R nosuch",
    "-R ''",
    "-R FILE",
    "-m -R /nosuch",
    "-m -R FILE",
    "-R BOUND -w /nosuch",
    "-R BOUND -w ROOT",
    "-m -R BOUND -w /nosuch",
    "-fm -R ROOT -w ROOT",
];

#[test]
fn of_root_are_alike() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let stage = Stage::new();
    stage.alike(as_root, WORKING_DIRECTORIES);
    stage.alike(as_root, ROOTS);
    stage.alike(as_root, ROOTS_OF_ROOT);
    stage.alike(as_root, ROOTS_IN_MOUNT_NAMESPACES);
    stage.refused(as_root, REFUSED);
}

#[test]
fn of_a_user_are_alike() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let stage = Stage::new();
    stage.alike(Cmd::as_nobody, WORKING_DIRECTORIES);
    let roots: Vec<String> = ROOTS.iter().map(|line| format!("-r {line}")).collect();
    stage.alike(Cmd::as_nobody, &roots);
    let roots: Vec<&&str> = ROOTS_IN_MOUNT_NAMESPACES
        .iter()
        .filter(|line| ["-r", "-c", "-muinpU"].iter().any(|start| line.starts_with(start)))
        .collect();
    assert!(roots.len() > 5);
    stage.alike(Cmd::as_nobody, &roots);
    stage.refused(Cmd::as_nobody, REFUSED);
    stage.refused(Cmd::as_nobody, &["-w /root", "-R BOUND", "-R /", "-rR /root", "-rmR /root"]);
}
