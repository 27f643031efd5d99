//! Where the root directory is, and where the tools are.

use super::{Who, everybody};
use hc_tests::{Cmd, Dir, Host, bin_dir, can_make_hosts, is_root, require, user_namespaces};
use std::os::unix::fs::{MetadataExt, symlink};

const NO_USER_NAMESPACES: &str = "ordinary users may not make user namespaces here";

/// A machine, and a directory of the real one for its /ns, which can be mounted with other ids: what the tests' machines have
/// is an overlay, and a tmpfs can since Linux 6.3.
pub(super) fn host_with_ns() -> (Host, Dir) {
    let (host, ns) = (Host::new(), Dir::new());
    let place = ns.path().display();
    Cmd::sh(format!("mkdir /ns; mount --bind {place} /ns; chmod 700 /ns")).on(&host).run().ok().quiet();
    (host, ns)
}

#[test]
fn root_keeps_a_named_container_in_ns_as_the_post_does() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (host, _ns) = host_with_ns();
    let run = || {
        Cmd::tool("hc-run").args(["--name=blah", "/bin/echo", "hi"]).on(&host).run().ok().quiet().says("hi\n")
    };
    run();
    assert!(host.path("/ns/blah/bin/echo").exists());
    assert_eq!(host.path("/ns").metadata().unwrap().mode() & 0o7777, 0o700, "for root alone");
    let before = host.listing("/ns/blah");
    run();
    assert_eq!(host.listing("/ns/blah"), before, "the second run finds what is there");
}

#[test]
fn a_user_keeps_it_in_the_data_directory() {
    require!(user_namespaces(), NO_USER_NAMESPACES);
    let home = Dir::of_nobody();
    let run = || Cmd::tool("hc-run").args(["--name", "blah", "/bin/echo", "hi"]).as_nobody();
    run().env("HOME", home.path()).run().ok().quiet().says("hi\n");
    assert!(home.join(".local/share/hc/blah/proc").is_dir());
    run().env("HOME", "/nonexistent").env("XDG_DATA_HOME", home.join("data")).run().ok().quiet();
    assert!(home.join("data/hc/blah/proc").is_dir());
}

#[test]
fn a_name_without_a_home_is_refused_and_says_the_way_out() {
    require!(is_root(), "needs a user without a home");
    let message = Cmd::tool("hc-run").args(["--name=x", "echo"]).as_nobody().run().fails("hc-run", 125);
    assert_eq!(message, "--name: neither XDG_DATA_HOME nor HOME is set: they say where");
}

#[test]
fn named_containers_are_listed_and_removed_unless_they_run() {
    require!(user_namespaces(), NO_USER_NAMESPACES);
    for who in everybody() {
        let (host, _ns) = host_with_ns();
        let home = Dir::of_nobody();
        let run = |words: &[&str]| {
            who.runs(Cmd::tool("hc-run").args(words).env("XDG_DATA_HOME", home.path()).on(&host))
        };
        run(&["--list"]).run().ok().quiet().says("");
        run(&["--name=b c", "sh", "-c", "echo kept >/tmp/file"]).run().ok().quiet();
        run(&["--name=b c", "sh", "-c", "read x </tmp/file; echo $x"]).run().ok().quiet().says("kept\n");
        let mut running = run(&["--name=a", "sh", "-c", "echo up; read x"]).hold_input().start();
        running.expect("up\n");
        let base = if who == Who::Root { "/ns".to_owned() } else { format!("{}/hc", home.path().display()) };
        let listed = run(&["--list"]).run().ok().quiet();
        let network =
            |name: &str| if who == Who::Root { format!("/run/netns/{name}") } else { "-".to_owned() };
        let [of_a, of_b] = ["a", "b c"].map(network);
        assert_eq!(listed.text(), format!("a\trunning\t{base}/a\t{of_a}\nb c\t-\t{base}/b c\t{of_b}\n"));
        let message = run(&["--delete=a"]).run().fails("hc-run", 125);
        assert_eq!(message, format!("{base}/a: a container runs there: end it first"));
        running.signal(nix::sys::signal::Signal::SIGTERM);
        running.wait().exits(143);
        for name in ["a", "b c"] {
            run(&["--delete", name]).run().ok().quiet();
        }
        run(&["--list"]).run().ok().quiet().says("");
        assert_eq!(run(&["--delete=a"]).run().fails("hc-run", 125), "a: no such container");
    }
}

#[test]
fn the_tools_beside_it_come_first_and_path_is_next() {
    require!(user_namespaces(), NO_USER_NAMESPACES);
    let dir = Dir::new();
    let copy = |to: &str, tool: &str| {
        dir.program(format!("{to}/{tool}"), std::fs::read(bin_dir().join(tool)).unwrap())
    };
    for tool in ["hc-run", "hc-env", "hc-rootfs", "hc-unshare"] {
        copy("beside", tool);
    }
    copy("alone", "hc-run");
    symlink(dir.join("beside/hc-run"), dir.join("link")).unwrap();
    let decoy = dir.program("decoys/hc-env", "#!/bin/sh\necho decoy\n");
    let path = format!("{}:/usr/bin:/bin", decoy.parent().unwrap().display());
    for file in ["beside/hc-run", "link"] {
        let run = Cmd::new(dir.join(file)).args(["echo", "hi"]).env("PATH", &path).as_nobody();
        run.run().ok().quiet().says("hi\n");
    }
    let alone = Cmd::new(dir.join("alone/hc-run")).args(["echo", "hi"]).as_nobody();
    alone.run().ok().quiet().says("hi\n");
    let without = Cmd::new(dir.join("alone/hc-run")).args(["echo"]).env("PATH", "/usr/bin:/bin").as_nobody();
    assert_eq!(without.run().fails("hc-run", 125), "hc-unshare: neither beside hc-run nor in PATH");
}

/// The directories that hc-run would mount on, each with something in it.
fn nothing_is_empty(host: &Host) {
    let fill = "for d in /mnt /media /srv /opt /var/empty /var/opt /var/local /usr/local/games /usr/local/src /usr/games /home
                do mkdir -p $d; : >$d/occupied; done; mount -t tmpfs shm /dev/shm; : >/dev/shm/occupied";
    Cmd::sh(fill).on(host).run().ok().quiet();
}

#[test]
fn without_an_empty_directory_it_hides_none_of_the_files_it_needs() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let host = Host::new();
    nothing_is_empty(&host);
    for who in everybody() {
        who.runs(Cmd::tool("hc-run").args(["echo", "hi"]).on(&host)).run().ok().quiet().says("hi\n");
    }
    // By a link to a link to a file, each in a place that could be mounted on.
    let links = "cp /bin/echo /mnt/echo; ln -s /mnt/echo /media/echo; ln -s /media/echo /srv/echo";
    Cmd::sh(links).on(&host).run().ok().quiet();
    for who in everybody() {
        for file in ["/mnt/echo", "/media/echo", "/srv/echo"] {
            who.runs(Cmd::tool("hc-run").args([file, "hi"]).on(&host)).run().ok().quiet().says("hi\n");
        }
    }
}
