//! What --jail is made of, and that single parts are given or taken back by other options.

use super::{Who, cell, jail};
use crate::unshare::unshare;
use hc_tests::{Cmd, Dir, Host, View, can_make_hosts, require, user_namespaces};
use std::path::Path;

fn can_run() -> bool {
    can_make_hosts() && user_namespaces()
}

#[track_caller]
fn view(who: Who, root: &super::Root, options: &[&str]) -> View {
    who.starts(jail(root, options).arg("/hc-probe")).view()
}

/// Points and kinds.
fn table(view: &View) -> Vec<String> {
    let point = |line: &str| line.split(' ').nth(1).unwrap_or_default().to_owned();
    let kind = |line: &str| {
        line.split(" - ").nth(1).unwrap_or_default().split(' ').next().unwrap_or_default().to_owned()
    };
    view.mounts().iter().map(|line| format!("{} {}", point(line), kind(line))).collect()
}

#[test]
fn is_all_namespaces_but_that_of_time() {
    require!(can_run(), "takes root, and user namespaces for others");
    let cell = cell();
    for who in Who::ALL {
        let outside = who.starts(Cmd::probe()).view();
        let mut new = view(who, &cell, &[]).new_namespaces(&outside);
        new.retain(|name| name != "pid_for_children");
        assert_eq!(new, ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"]);
    }
}

#[test]
fn is_process_1_and_next_alone() {
    require!(can_run(), "takes root, and user namespaces for others");
    let cell = cell();
    for who in Who::ALL {
        let seen = view(who, &cell, &[]);
        assert_eq!((seen.get("pid"), seen.get("ppid"), seen.get("processes")), ("2", "1", "1 2"));
        assert_eq!((seen.get("cwd"), seen.get("umask")), ("/", "22"));
        assert_eq!(seen.descriptors(), [0, 1, 2]);
    }
}

#[test]
fn or_next_is_process_1_itself_with_all_the_rest() {
    require!(can_run(), "takes root, and user namespaces for others");
    let cell = cell();
    for who in Who::ALL {
        let seen = view(who, &cell, &["--no-init"]);
        assert_eq!((seen.get("pid"), seen.get("processes")), ("1", "1"));
        assert_eq!((seen.get("capabilities"), seen.get("no_new_privs")), ("0 0 0", "1"));
        assert_eq!(seen.get("session"), "1");
        // The later one counts.
        assert_eq!(view(who, &cell, &["--no-init", "--init"]).get("pid"), "2");
    }
}

#[test]
fn has_no_privileges() {
    require!(can_run(), "takes root, and user namespaces for others");
    let cell = cell();
    for who in Who::ALL {
        let seen = view(who, &cell, &[]);
        assert_eq!(seen.get("capabilities"), "0 0 0");
        assert_eq!((seen.get("bounding"), seen.get("ambient"), seen.get("no_new_privs")), ("0", "0", "1"));
        assert_eq!(seen.get("session"), seen.get("pid"), "a session of its own");
    }
}

#[test]
fn has_what_is_mounted_in_it_in_this_order() {
    require!(can_run(), "takes root, and user namespaces for others");
    let cell = cell();
    for who in Who::ALL {
        let mounts = table(&view(who, &cell, &[]));
        assert!(mounts[0].starts_with("/ "), "{mounts:?}");
        let at = |row: &str| {
            mounts.iter().position(|mount| mount == row).unwrap_or_else(|| panic!("no {row} in {mounts:?}"))
        };
        assert_eq!((at("/proc proc"), at("/sys sysfs")), (1, 2));
        assert!(
            at("/dev tmpfs") > 2
                && at("/dev/pts devpts") > at("/dev tmpfs")
                && at("/dev/shm tmpfs") > at("/dev tmpfs")
        );
        assert!(at("/proc/sys proc") > 2);
        assert!(
            mounts
                .iter()
                .all(|mount| ["/ ", "/proc", "/sys", "/dev"].iter().any(|start| mount.starts_with(start))),
            "{mounts:?}"
        );
    }
}

#[test]
fn shares_what_is_taken_back() {
    require!(can_run(), "takes root, and user namespaces for others");
    let cell = cell();
    for who in Who::ALL {
        let outside = who.starts(Cmd::probe()).view();
        for kind in ["net", "uts", "ipc", "cgroup"] {
            let option = format!("--share={kind}");
            // Before and behind.
            for words in [["--jail", &option], [option.as_str(), "--jail"]] {
                let line = unshare(&words).arg(cell.option("--root")).arg("/hc-probe");
                let new = who.starts(line).view().new_namespaces(&outside);
                assert!(!new.iter().any(|name| name == kind), "{who:?}: {option}: {new:?}");
                assert_eq!(
                    new.iter().filter(|name| *name != "pid_for_children").count(),
                    6,
                    "{who:?}: {option}: {new:?}"
                );
            }
        }
        let new = view(who, &cell, &["--share=net,uts,ipc,cgroup"]).new_namespaces(&outside);
        assert_eq!(new.iter().filter(|name| *name != "pid_for_children").count(), 3, "{who:?}: {new:?}");
    }
    // For root there may be none of users either.
    let outside = Cmd::probe().view();
    let seen = view(Who::Root, &cell, &["--share=user"]);
    assert!(!seen.new_namespaces(&outside).iter().any(|name| name == "user"));
    assert_eq!(seen.get("uid_map"), outside.get("uid_map"));
}

/// With the caller's network there is the caller's loopback.
#[test]
fn has_the_network_of_the_caller_if_it_is_shared() {
    require!(can_run(), "takes root, and user namespaces for others");
    let cell = cell();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let script = "use strict; socket my $s, 2, 1, 0 or die; connect $s, pack 'SnC4x8', 2, shift, 127, 0, 0, 1 or die qq($!\n); print qq(in\n)";
    for who in Who::ALL {
        let line = |options: &[&str]| {
            who.starts(unshare(&["--jail"]).args(options).args(["perl", "-e", script, &port])).run()
        };
        line(&["--share=net"]).ok().says("in\n").quiet();
        line(&[]).exits(111).complains("Connection refused\n");
    }
    drop(cell);
}

#[test]
fn gives_privileges_back_one_by_one() {
    require!(can_run(), "takes root, and user namespaces for others");
    let cell = cell();
    for who in Who::ALL {
        let seen = view(who, &cell, &["--cap-add=net_bind_service"]);
        // Number 10.
        assert_eq!(seen.get("capabilities"), "400 400 400", "{who:?}");
        assert_eq!((seen.get("bounding"), seen.get("ambient")), ("400", "400"));
        let seen = view(who, &cell, &["--cap-add=net_bind_service", "--seccomp=none", "-S", "0"]);
        assert_eq!((seen.get("capabilities"), seen.get("no_new_privs")), ("400 400 400", "1"));
    }
}

/// Without a root directory of its own, the jail is in the caller's.
#[test]
fn takes_the_root_directory_that_is_there() {
    require!(can_run(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        let seen = who.starts(unshare(&["--jail"])).next_view();
        assert_eq!((seen.get("pid"), seen.get("processes")), ("2", "1 2"));
        let mounts = table(&seen);
        assert!(mounts.iter().any(|mount| mount == "/proc/sys proc"), "{mounts:?}");
    }
}

/// That of the machine, for reading. Root says besides that ids inside are those outside: then nothing of the machine has to
/// be mounted with other ones, which not every file system can.
#[test]
fn takes_the_machine_s_own_root_directory_to_read() {
    require!(can_run(), "takes root, and user namespaces for others");
    let host = Host::shared();
    let dir = Dir::of_nobody();
    let script = "for dir; do true >\"$dir/file\"; done 2>&1; id -u; ls /";
    for (who, options) in [(Who::Root, &["--map-users=all", "--map-groups=all"][..]), (Who::Nobody, &[])] {
        let line = unshare(&["--jail", "--root=/", "--read-only"]).args(options);
        let places = [dir.path(), Path::new("/etc"), Path::new("/usr")];
        let mut seen = who.starts(line.args(["sh", "-c", script, "sh"]).args(places)).on(&host).run().ok();
        let said = std::mem::take(&mut seen.stdout);
        let said = String::from_utf8(said).unwrap();
        let refused = places
            .map(|place| format!("sh: 1: cannot create {}/file: Read-only file system\n", place.display()));
        let entries = Cmd::new("ls").arg("/").run().ok().stdout;
        let entries = String::from_utf8(entries).unwrap();
        assert_eq!(said, format!("{}0\n{entries}", refused.concat()), "{who:?}");
    }
}

#[test]
fn what_does_not_go_together_is_said() {
    let refused = |words: &[&str]| unshare(words).arg("true").run().fails("hc-unshare", 125);
    let init = "--init is process 1 of a PID namespace, which --share=pid leaves out";
    for words in [&["--jail", "--share=pid"][..], &["--init", "--share=pid"], &["--share=pid", "--init"]] {
        assert!(refused(words).starts_with(init), "{words:?}");
    }
    let names = "--hostname and --domainname are not for the caller's UTS namespace";
    assert!(refused(&["--jail", "--share=uts", "--hostname=x"]).starts_with(names));
    let kinds = "--share 'x': not mount, uts, ipc, net, pid, user, cgroup or time";
    assert!(refused(&["--share=x"]).starts_with(kinds));
    let root = "--overlay-tmpfs and --idmap take a root directory, -R, and private mounts";
    for words in [
        &["--jail", "--idmap"][..],
        &["--overlay-tmpfs"],
        &["--overlay-tmpfs", "-R/", "--propagation=shared"],
    ] {
        assert!(refused(words).starts_with(root), "{words:?}");
    }
}
