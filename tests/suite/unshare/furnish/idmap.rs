//! --idmap: who owns a file of the root directory is told in the ids of the user namespace.

use super::{Root, Who, attempt, cell};
use crate::unshare::causes::as_example;
use crate::unshare::diagnostics::says;
use crate::unshare::unshare;
use hc_tests::{Cmd, Host, Output, can_make_hosts, require, require_kernel, user_namespaces};
use std::os::unix::fs::MetadataExt;

const MAPS: [&str; 5] =
    ["--map-users=0:100000:65536", "--map-groups=0:100000:65536", "-S0", "-G0", "--idmap"];

fn mapped(root: &Root, next: &[&str]) -> Cmd {
    unshare(&MAPS).arg(root.option("--root")).args(next)
}

/// Owners as they are inside.
const OWNERS: [&str; 5] = ["/bin/stat", "-c", "%u:%g", "/", "/of-1000"];

fn filled(host: &Host, prepare: &str) -> Root {
    let root = cell();
    let place = root.path().display().to_string();
    let script = format!(
        "{prepare} hc-rootfs {place} /bin/stat /bin/touch && mkdir -p {place}/tmp {place}/proc && touch {place}/of-1000 && \
         chown 1000:1001 {place}/of-1000 {place}/tmp"
    );
    Cmd::sh(script.replace("ROOT", &place)).on(host).run().ok();
    root
}

#[test]
fn has_the_ids_inside_that_there_are_outside() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    has_the_ids("");
}

#[test]
fn so_it_has_on_a_tmpfs_and_what_is_mounted_in_it() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    require_kernel!((6, 3), "a tmpfs is to be mounted with other ids");
    has_the_ids("mount -t tmpfs tmpfs ROOT &&");
    has_the_ids("mount -t tmpfs tmpfs ROOT && mkdir ROOT/x && mount -t tmpfs tmpfs ROOT/x &&");
}

fn has_the_ids(prepare: &str) {
    let host = Host::shared();
    let root = filled(&host, prepare);
    let before = host.mounts();
    let line = |next: &[&str]| mapped(&root, next).on(&host).run();
    line(&OWNERS).ok().says("0:0\n1000:1001\n").quiet();
    line(&["/bin/touch", "/made"]).ok().quiet();
    let outside = Cmd::new("stat").args(["-c", "%u:%g"]).arg(root.path().join("made")).on(&host).run();
    outside.ok().says("0:0\n");
    // An id that the user namespace does not have is nobody's.
    Cmd::sh(format!("chown 70000:70000 {}/of-1000", root.path().display())).on(&host).run().ok();
    line(&OWNERS).ok().says("0:0\n65534:65534\n").quiet();
    assert_eq!(host.mounts(), before);
}

/// What CAVEATS tells: the ids and the mode are those on the disk, for users of the machine as well.
#[test]
fn makes_a_set_user_id_program_of_root_s_inside_one_of_root_s_outside() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    require_kernel!((6, 3), "a tmpfs is to be mounted with other ids");
    for (options, words, expected) in [
        ("mode=755", &MAPS[..], "works\n"),
        ("mode=755", &["--jail"], "works\n"),
        ("mode=755", &["--jail", "--overlay-tmpfs"], "setuid: EPERM\n"),
        ("mode=755,nosuid", &["--jail"], "setuid: EPERM\n"),
    ] {
        let host = Host::new();
        let root = filled(&host, &format!("mount -t tmpfs -o {options} tmpfs ROOT &&"));
        let place = root.path().display().to_string();
        let fill = format!("hc-rootfs {place} /bin/chmod && cp {} {place}/", hc_tests::attack().display());
        Cmd::sh(fill).on(&host).run().ok();
        let next = ["/bin/chmod", "4755", "/hc-attack"];
        unshare(words).arg(root.option("--root")).args(next).on(&host).run().ok().quiet();
        let start = || Cmd::sh(format!("exec {place}/hc-attack setuid")).dir("/").on(&host).as_nobody().run();
        assert_eq!(start().text(), expected, "{options} {words:?}");
        // A directory around it that nobody may enter keeps them off.
        Cmd::line(["chmod", "700"]).arg(root.dir.path()).on(&host).run().ok().quiet();
        start().exits(126);
    }
}

/// A file system that cannot, as an overlay: its files get the owners, each once, also one with two names.
#[test]
fn gives_files_other_owners_where_there_is_no_other_way() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let host = Host::new();
    let overlay = "mkdir -p /run/a /run/b && mount -t tmpfs x /run/a && mkdir /run/a/upper /run/a/work && \
                   mount -t overlay -o lowerdir=/run/b,upperdir=/run/a/upper,workdir=/run/a/work x ROOT &&";
    let root = filled(&host, overlay);
    let place = root.path().display().to_string();
    let more = format!(
        "cd {place} && ln of-1000 second && touch of-70000 set && chown 70000:70000 of-70000 && chown 0:1001 set && \
         chmod 6755 set && ln -s /etc/passwd link"
    );
    Cmd::sh(more).on(&host).run().ok().quiet();
    let before = host.mounts();
    let line = |options: &[&str], next: &[&str]| {
        unshare(options).arg(root.option("--root")).args(next).on(&host).run()
    };
    let message = line(&MAPS, &["true"]).fails("hc-unshare", 125);
    assert!(
        message.contains("(overlayfs, which can since Linux 5.19 in its layers only, cannot;"),
        "{message}"
    );
    let owners = |files: &[&str]| {
        let files = files.iter().map(|file| format!("{place}/{file}"));
        Cmd::new("stat").args(["-c", "%u:%g %a"]).args(files).on(&host).run().text().to_owned()
    };
    let files = ["", "of-1000", "second", "of-70000", "set", "link"];
    let own = "0:0 755\n1000:1001 644\n1000:1001 644\n70000:70000 644\n0:1001 6755\n0:0 777\n";
    assert_eq!(owners(&files), own);
    let mut chown = MAPS;
    chown[4] = "--idmap=chown";
    line(&chown, &OWNERS).ok().says("0:0\n1000:1001\n").quiet();
    line(&["--jail"], &OWNERS).fails("hc-unshare", 125);
    let given = "100000:100000 755\n101000:101001 644\n101000:101001 644\n70000:70000 644\n100000:101001 6755\n\
                 100000:100000 777\n";
    assert_eq!(owners(&files), given);
    let passwd = Cmd::new("stat").args(["-c", "%u:%g", "/etc/passwd"]).on(&host).run();
    passwd.ok().says("0:0\n");
    // What another file system is mounted in is not changed alone.
    let message = unshare(&["--idmap=x", "-mU", "-R/", "true"]).on(&host).run().fails("hc-unshare", 125);
    assert!(message.starts_with("--idmap: 'x' is not 'chown'"), "{message}");
    Cmd::sh(format!("mkdir {place}/x && mount -t tmpfs x {place}/x")).on(&host).run().ok();
    let message = line(&chown, &["true"]).fails("hc-unshare", 125);
    assert_eq!(message.replace(&place, "/x"), "owners in /x: x has another file system mounted on it");
    assert_eq!(owners(&files), given);
    Cmd::sh(format!("umount {place}/x")).on(&host).run().ok();
    assert_eq!(host.mounts(), before);
}

/// A jail of root's of a user namespace has no ids of its own, and so no use for it.
#[test]
fn is_no_more_than_a_word_to_a_jail_that_takes_no_other_ids() {
    require!(user_namespaces(), "takes user namespaces for users");
    let root = cell();
    let words = ["-rm", "hc-unshare", "--jail", "--idmap=chown"];
    unshare(&words).arg(root.option("--root")).arg("/hc-probe").run().ok();
}

/// Without it they are nobody's, and root inside may change nothing.
#[test]
fn is_what_makes_them_so() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let host = Host::new();
    let root = filled(&host, "");
    let line =
        |next: &[&str]| unshare(&MAPS[..4]).arg("-m").arg(root.option("--root")).args(next).on(&host).run();
    line(&OWNERS).ok().says("65534:65534\n65534:65534\n").quiet();
    line(&["/bin/touch", "/made"]).exits(1);
}

/// For another user of the namespace, who is one of the owners.
#[test]
fn is_so_for_every_user_inside() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let host = Host::new();
    let root = filled(&host, "");
    let words = ["-S1000", "-G1001", "/bin/touch", "/tmp/made"];
    mapped(&root, &words).on(&host).run().ok().quiet();
    let about = root.path().join("tmp/made").metadata().unwrap();
    assert_eq!((about.uid(), about.gid()), (1000, 1001));
}

/// `output`, with the root directory as the page names it.
fn example(root: &Root, output: Output) -> Output {
    as_example(output, root.path().to_str().unwrap())
}

#[test]
fn is_refused_with_the_reason_where_the_file_system_cannot() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let line = "mount /x with other ids: Invalid argument (...)";
    let root = cell();
    let place = root.path().display().to_string();
    for (prepare, name) in [
        (
            "mkdir O/l O/u O/w && mount -t overlay -o lowerdir=O/l,upperdir=O/u,workdir=O/w overlay ROOT",
            "overlayfs, which can since Linux 5.19 in its layers only,",
        ),
        ("mount -t ramfs ramfs ROOT", "its file system, or one mounted in it"),
        ("mount -t proc proc ROOT/proc", "its file system, or one mounted in it"),
    ] {
        let host = Host::new();
        let layers = root.dir.directory("layers").display().to_string();
        let script = format!("mount -t tmpfs tmpfs {layers} && {prepare}");
        let script = script.replace("O/", &format!("{layers}/")).replace("ROOT", &place);
        Cmd::sh(&script).on(&host).run().ok().quiet();
        let hint = "cannot; with --map-users=all --map-groups=all the ids inside are those outside";
        for output in [
            mapped(&root, &["/hc-probe"]).on(&host).run(),
            unshare(&["--jail"]).arg(root.option("--root")).arg("/hc-probe").on(&host).run(),
        ] {
            let message = says(example(&root, output), 125, line);
            assert_eq!(message, line.replace("...", &format!("{name} {hint}")), "{script}");
        }
        // As it is told, it works.
        let words = ["--jail", "--map-users=all", "--map-groups=all"];
        let fill = format!(
            "cp {} {place}/ && mkdir -p {place}/proc {place}/sys {place}/dev",
            hc_tests::attack().display()
        );
        Cmd::sh(fill).on(&host).run().ok();
        let line =
            unshare(&words).arg(root.option("--root")).args(["/hc-attack", "read", "/hc-attack"]).on(&host);
        assert_eq!(attempt(line), "works", "{script}");
    }
}

/// Nobody but root outside may.
#[test]
fn is_root_s() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let root = cell();
    let message =
        |line: Cmd| line.run().fails("hc-unshare", 125).replace(root.path().to_str().unwrap(), "/x");
    let because =
        "mount /x with other ids: Operation not permitted (only root outside of user namespaces may)";
    let words = ["-r", "--idmap"];
    let line = || unshare(&words).arg(root.option("--root")).arg("/hc-probe");
    assert_eq!(message(line().as_nobody()), because);
    let nested = unshare(&["-rm", "hc-unshare", "-r", "--idmap"]).arg(root.option("--root")).arg("/hc-probe");
    assert_eq!(message(nested), because);
    for who in Who::ALL {
        let message = who.starts(unshare(&["-r", "--idmap", "true"])).run().fails("hc-unshare", 125);
        assert!(
            message.starts_with("--overlay-tmpfs and --idmap take a root directory, -R, and private mounts"),
            "{message}"
        );
    }
}

#[test]
fn a_bind_mount_has_them_if_it_is_told_so() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let host = Host::new();
    let (root, data) = (filled(&host, ""), hc_tests::Dir::new());
    data.file("of-1000", "x");
    Cmd::sh("chown 1000:1001 of-1000").dir(data.path()).run().ok();
    let stat = ["/bin/stat", "-c", "%u:%g", "/data", "/data/of-1000"];
    let line = |source: &str, options: &str| {
        let bind = format!("--bind={source}:/data:{options}");
        unshare(&MAPS).arg(root.option("--root")).arg(bind).args(stat).on(&host).run().ok().quiet()
    };
    let source = data.path().display().to_string();
    line(&source, "idmap").says("0:0\n1000:1001\n");
    line(&source, "rec,ro,idmap").says("0:0\n1000:1001\n");
    line(&source, "ro").says("65534:65534\n65534:65534\n");
    // A jail's, and one file.
    let jail = ["--jail", "--bind=of-1000:/one:idmap"];
    let one = unshare(&jail).arg(root.option("--root")).args(["/bin/stat", "-c", "%u:%g", "/one"]);
    one.dir(data.path()).on(&host).run().ok().quiet().says("1000:1001\n");
    // Where it cannot be so, it is as it is: an overlay.
    Cmd::sh("mkdir /srv/x; touch /srv/x/of-1000; chown 0:0 /srv/x").on(&host).run().ok();
    line("/srv/x", "idmap").says("65534:65534\n65534:65534\n");
    let message = unshare(&MAPS).arg(root.option("--root")).args(["--bind=/nosuch:/data:idmap", "/bin/stat"]);
    assert_eq!(message.on(&host).run().fails("hc-unshare", 125), "/nosuch: No such file or directory");
}
