//! Command lines, and what they come to.

use super::*;
use crate::binfmt;
use crate::clocks::Clocks;
use crate::credentials::Credentials;
use crate::environment::Kept;
use crate::fork::{Fork, Init};
use crate::idmap::Wanted;
use crate::mounts::Mount;
use crate::names::Name;
use crate::privileges::Privileges;
use crate::propagation::Propagation;
use crate::root::{Manner, Root};
use crate::uts;
use nix::sched::CloneFlags;
use std::ffi::OsString;

fn parsed(words: &[&str]) -> Result<Plan> {
    parse(Args::new(words.iter().map(OsString::from).collect::<Vec<_>>()))
}

fn tmpfs(target: &str) -> Mount {
    Mount::Tmpfs(target.into(), "mode=0755".into())
}

fn error(words: &[&str]) -> String {
    parsed(words).unwrap_err().to_string()
}

#[test]
fn the_line_of_the_post() {
    let plan = parsed(&["-fpium", "--mount-proc", "--root=/ns/a", "/bin/echo", "-n"]).unwrap();
    let expected = Plan {
        namespaces: CloneFlags::CLONE_NEWPID
            | CloneFlags::CLONE_NEWIPC
            | CloneFlags::CLONE_NEWUTS
            | CloneFlags::CLONE_NEWNS,
        names: Vec::new(),
        owner: None,
        ids: Wanted::default(),
        clocks: Clocks::default(),
        fork: Some(Fork::default()),
        propagation: Some(Propagation::Private),
        root: Root::Pivot("/ns/a".into()),
        mounts: vec![Mount::Proc("/proc".into())],
        manner: Manner::default(),
        uts: uts::Names::default(),
        loopback: false,
        low_ports: false,
        working_directory: None,
        credentials: Credentials::default(),
        privileges: Privileges::default(),
        environment: Kept::All,
        argv: ["/bin/echo", "-n"].map(OsString::from).to_vec(),
    };
    assert_eq!(plan, expected);
}

#[test]
fn what_implies_what() {
    assert_eq!(parsed(&["-r"]).unwrap().namespaces, CloneFlags::CLONE_NEWUSER);
    assert_eq!(parsed(&["--mount-proc"]).unwrap().namespaces, CloneFlags::CLONE_NEWNS);
    assert_eq!(parsed(&["--tmpfs", "/x"]).unwrap().namespaces, CloneFlags::CLONE_NEWNS);
    assert_eq!(parsed(&["-R/x"]).unwrap().root, Root::Chroot("/x".into()));
    assert_eq!(parsed(&["-R/x", "-m"]).unwrap().root, Root::Pivot("/x".into()));
    assert_eq!(parsed(&["-R/x", "-m", "--propagation=slave"]).unwrap().root, Root::Pivot("/x".into()));
    assert_eq!(parsed(&["-R/x", "-m", "--propagation=shared"]).unwrap().root, Root::Chroot("/x".into()));
    assert_eq!(parsed(&["--propagation=slave"]).unwrap().propagation, None);
    for line in [&["-c"][..], &["--map-auto"], &["--map-user=0"], &["--owner=0:0"], &["--map-groups=all"]] {
        assert_eq!(parsed(line).unwrap().namespaces, CloneFlags::CLONE_NEWUSER, "{line:?}");
    }
    let signals = parsed(&["--kill-child", "--forward-signals"]).unwrap().fork;
    assert_eq!(
        signals,
        Some(Fork { forward: true, kill_child: Some(libc::SIGKILL), init: Init::None, pty: false })
    );
    assert_eq!(parsed(&[]).unwrap().argv, Vec::<OsString>::new());
}

#[test]
fn a_terminal_takes_a_child_and_a_session_and_is_the_console_of_the_last_dev() {
    let plan = parsed(&["--pty"]).unwrap();
    assert_eq!(plan.fork, Some(Fork { pty: true, ..Fork::default() }));
    assert!(plan.has_pty() && !plan.has_console() && plan.privileges.new_session);
    assert_eq!(plan.namespaces, CloneFlags::empty());
    let plan = parsed(&["--dev", "--pty", "--dev"]).unwrap();
    assert_eq!(plan.mounts, [Mount::Dev { console: false }, Mount::Dev { console: true }]);
    assert!(plan.has_console() && !parsed(&["--dev"]).unwrap().has_console());
    assert!(parsed(&["--jail", "--pty"]).unwrap().has_console());
    assert_eq!(error(&["--pty=/x"]), "option '--pty' doesn't allow an argument");
}

#[test]
fn mounts_keep_their_order_and_the_last_proc_counts() {
    let plan = parsed(&["--mount-proc=/a", "--tmpfs=/t", "--mount-proc", "--tmpfs=/u"]).unwrap();
    let expected = [tmpfs("/t"), Mount::Proc("/proc".into()), tmpfs("/u")];
    assert_eq!(plan.mounts, expected);
}

#[test]
fn binfmt_misc_comes_last_and_takes_a_proc() {
    let plan = parsed(&["-l:x:", "--tmpfs=/t"]).unwrap();
    assert_eq!(plan.namespaces, CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS);
    let mount = Mount::Binfmt(binfmt::DIRECTORY.into(), Some(":x:".into()));
    assert_eq!(plan.mounts, [Mount::Proc("/proc".into()), tmpfs("/t"), mount]);
    let plan = parsed(&["--mount-binfmt=/b", "-l:x:"]).unwrap();
    assert_eq!(plan.mounts, [Mount::Binfmt("/b".into(), Some(":x:".into()))]);
    let plan = parsed(&["--mount-proc=/p", "--mount-binfmt"]).unwrap();
    assert_eq!(plan.mounts, [Mount::Proc("/p".into()), Mount::Binfmt(binfmt::DIRECTORY.into(), None)]);
}

#[test]
fn names_are_bound_in_the_order_of_their_kinds_and_the_last_of_a_kind_counts() {
    let names = parsed(&["--net=/a", "-f", "--pid=/p", "--user=/u", "-n", "--net=/b"]).unwrap().names;
    let name = |kind, file: &str| Name { kind, file: file.into() };
    assert_eq!(names, [name(Kind::User, "/u"), name(Kind::Net, "/b"), name(Kind::Pid, "/p")]);
}

#[test]
fn what_cannot_work_together() {
    assert_eq!(error(&["--pid=/p"]), "--pid=FILE needs a process in the namespace: add -f");
    assert_eq!(error(&["--boottime=1"]), "--monotonic and --boottime need a time namespace, -T");
    assert_eq!(
        error(&["-r", "--setgroups=allow"]),
        "--setgroups=allow does not go with a single mapped group, as of -r"
    );
    assert!(parsed(&["-r", "--map-groups=all", "--setgroups=allow"]).is_ok());
}

#[test]
fn relative_mount_points_start_where_next_will() {
    let plan = parsed(&["--tmpfs=t", "--mount-proc=/p", "-w", "/w"]).unwrap();
    assert_eq!(plan.mounts, [tmpfs("/w/t"), Mount::Proc("/p".into())]);
}

#[test]
fn an_empty_name_is_no_directory() {
    for option in ["--mount-proc=", "--tmpfs=", "--root=", "--wd="] {
        assert_eq!(error(&[option]), "an empty name is no directory");
    }
}

#[test]
fn getopt_s_messages() {
    assert_eq!(error(&["--fork=/x"]), "option '--fork' doesn't allow an argument");
    assert_eq!(error(&["-m=/x"]), "invalid option -- '='");
    assert_eq!(error(&["--u"]), "option '--u' is ambiguous; possibilities: '--uts' '--user'");
    assert_eq!(error(&["-R"]), "option requires an argument -- 'R'");
}

#[test]
fn a_jail_is_the_sum_of_its_parts() {
    let jail = parsed(&["--jail", "-R/x"]).unwrap();
    let parts = [
        "-mpiunCU",
        "--init",
        "--kill-child",
        "--mount-proc",
        "--sys",
        "--mask",
        "--dev",
        "--loopback",
        "-R/x",
        "--new-session",
        "--new-keyring",
        "--no-new-privs",
        "--seccomp=default",
        "--close-fds",
        "--cap-drop=all",
    ];
    let mut parts = parsed(&parts).unwrap();
    assert!(!parts.ids.jail);
    parts.ids.jail = true;
    parts.manner.attributes = crate::sys::mount::NODEV;
    assert_eq!(jail, parts);
    let order = [Mount::Proc("/proc".into()), Mount::Sys, Mount::Mask, Mount::Dev { console: false }];
    assert_eq!(jail.mounts, order);
    let taken_back = parsed(&["--jail", "--share=net,user", "--kill-child=TERM"]).unwrap();
    assert!(!taken_back.namespaces.intersects(Kind::Net.flag() | Kind::User.flag()));
    assert!(!taken_back.loopback && !taken_back.ids.jail);
    assert_eq!(
        taken_back.fork,
        Some(Fork { forward: false, kill_child: Some(15), init: Init::Ours, pty: false })
    );
    assert_eq!(
        error(&["--jail", "--share=pid"]),
        "--init is process 1 of a PID namespace, which --share=pid leaves out"
    );
    assert_eq!(
        error(&["--hostname=x", "--share=uts"]),
        "--hostname and --domainname are not for the caller's UTS namespace"
    );
    assert_eq!(error(&["--share=x"]), "--share 'x': not mount, uts, ipc, net, pid, user, cgroup or time");
    let private = "--overlay-tmpfs and --idmap take a root directory, -R, and private mounts";
    assert_eq!(error(&["--idmap"]), private);
    assert_eq!(error(&["--overlay-tmpfs", "-R/x", "--propagation=shared"]), private);
}
