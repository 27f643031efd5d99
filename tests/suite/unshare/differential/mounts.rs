//! --mount-proc and --propagation: the mount table that the program sees.

use super::{Stage, as_root};
use hc_tests::{Cmd, Host, can_make_hosts, require, user_namespaces};

const PROPAGATION: &[&str] = &[
    "-m",
    "-m --propagation=private",
    "-m --propagation=shared",
    "-m --propagation=slave",
    "-m --propagation=unchanged",
    "--propagation=shared -m",
    "-m --propagation=shared --propagation=slave",
    "-m --propagation=slave --propagation=private",
    "-m --propagation=shared --propagation=unchanged",
    "-fm --propagation=slave",
    "-fpm --propagation=shared --mount-proc",
    "-fpm --propagation=slave --mount-proc",
    "-fpm --propagation=private --mount-proc",
    "-fpm --propagation=unchanged --mount-proc",
    "-fp --propagation=slave --mount-proc=ROOT/proc",
    "-rm",
    "-rm --propagation=private",
    "-rm --propagation=shared",
    "-rm --propagation=slave",
    "-rm --propagation=unchanged",
    "-rfpm --propagation=slave --mount-proc",
    "-rfpm --propagation=unchanged --mount-proc",
    // Said for nothing, where there is no mount namespace.
    "--propagation=private",
    "--propagation=shared",
    "-u --propagation=slave",
    "--propagation=unchanged -f",
];

/// With a root: one that stays shared cannot be pivoted, so ours goes the original's way.
const ROOTS: &[&str] = &[
    "-m --propagation=private -R BOUND",
    "-m --propagation=slave -R BOUND",
    "-m --propagation=shared -R BOUND",
    "-m --propagation=unchanged -R BOUND",
    "-fpm --propagation=slave --mount-proc -R ROOT",
    "-fpm --propagation=shared --mount-proc -R ROOT",
    "-fpm --propagation=unchanged --mount-proc -R ROOT",
    "-fpm --propagation=shared --mount-proc -R ROOT -w /a",
    "-rfpm --propagation=shared --mount-proc -R ROOT",
    "-rfpm --propagation=unchanged --mount-proc -R ROOT",
    "-rfpm --propagation=slave --mount-proc -R ROOT",
];

const PROC: &[&str] = &[
    "--mount-proc",
    "--mount-proc=/proc",
    "--mount-proc=ROOT/proc",
    "--mount-proc=root/a",
    "--mount-proc=proc -w bound",
    "--mount-proc=./a/../proc -w root",
    "--mount-proc=ROOT/a/../proc",
    "-p --mount-proc",
    "-f --mount-proc",
    "-fp --mount-proc",
    "-fp --mount-proc --mount-proc",
    "-fp --mount-proc --mount-proc=ROOT/proc",
    "-fp --mount-proc=/nosuch --mount-proc",
    "-fp --mount-proc=ROOT/proc --mount-proc",
    "-fpm --mount-proc",
    "-fpiumnCT --mount-proc",
    "-rfp --mount-proc",
    "-cfp --mount-proc",
    "-Ufp --mount-proc",
    "-rfp --mount-proc=ROOT/proc",
    "-rfpiumnCT --mount-proc",
];

const REFUSED: &[&str] = &[
    "--mount-proc=/nosuch",
    "--mount-proc=''",
    "--mount-proc=FILE",
    "-fp --mount-proc --mount-proc=/nosuch",
    "-r --mount-proc",
    "-rf --mount-proc",
    "-rp --mount-proc",
    "-fpm --mount-proc=/nosuch -R ROOT",
    "-rfp --mount-proc -R FILE",
    "-m --propagation=bad",
    "-m --propagation=''",
    "-m --propagation=Private",
    "-m --propagation=rprivate",
    "-m --propagation=priv",
    "--propagation=bad",
];

#[test]
fn propagation_is_alike() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    for host in [Host::shared(), Host::new()] {
        let stage = Stage::on(host);
        stage.alike(as_root, PROPAGATION);
        stage.alike(as_root, ROOTS);
        let start = |line: &&&str| {
            line.starts_with("-r") || line.starts_with("--propagation") && !line.contains("-m")
        };
        let users: Vec<&&str> = PROPAGATION.iter().chain(ROOTS).filter(start).collect();
        assert!(users.len() > 8);
        stage.alike(Cmd::as_nobody, &users);
    }
}

#[test]
fn proc_is_alike() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let stage = Stage::new();
    stage.alike(as_root, PROC);
    let users: Vec<&&str> =
        PROC.iter().filter(|line| ["-r", "-c", "-U"].iter().any(|start| line.starts_with(start))).collect();
    assert!(users.len() > 4);
    stage.alike(Cmd::as_nobody, &users);
}

#[test]
fn what_cannot_be_mounted_is_refused_alike() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let stage = Stage::new();
    stage.refused(as_root, REFUSED);
    stage.refused(Cmd::as_nobody, REFUSED);
}
