//! Where the root directory is, and where the tools are.

use super::{Who, everybody};
use hc_tests::{Cmd, Dir, Host, bin_dir, can_make_hosts, is_root, require, user_namespaces};
use std::os::unix::fs::{MetadataExt, symlink};

const NO_USER_NAMESPACES: &str = "ordinary users may not make user namespaces here";

#[test]
fn root_keeps_a_named_container_in_ns_as_the_post_does() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let host = Host::new();
    let run = || {
        Cmd::tool("hc-run").args(["--name=blah", "/bin/echo", "hi"]).on(&host).run().ok().quiet().says("hi\n")
    };
    run();
    assert!(host.path("/ns/blah/bin/echo").exists());
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
    assert_eq!(message, "--name: neither XDG_DATA_HOME nor HOME is set: --root=DIR says where");
}

#[test]
fn a_given_directory_is_made_and_used_again() {
    require!(user_namespaces(), NO_USER_NAMESPACES);
    for who in everybody() {
        let dir = if who == Who::User { Dir::of_nobody() } else { Dir::new() };
        let run = |script: &str| {
            let line = Cmd::tool("hc-run").args(["--root=a/b", "/bin/sh", "-c", script]).dir(dir.path());
            who.runs(line).run().ok().quiet()
        };
        run("echo kept > /tmp/file");
        run("read line < /tmp/file && echo $line").says("kept\n");
        assert_eq!(std::fs::read(dir.join("a/b/tmp/file")).unwrap(), b"kept\n");
        let owner = dir.join("a/b").metadata().unwrap().uid();
        assert_eq!(owner, dir.path().metadata().unwrap().uid());
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
    assert_eq!(without.run().fails("hc-run", 125), "hc-rootfs: neither beside hc-run nor in PATH");
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
    let links = "cp /bin/echo /mnt/echo; ln -s /mnt/echo /media/echo; ln -s /media/echo /dev/shm/echo";
    Cmd::sh(links).on(&host).run().ok().quiet();
    for who in everybody() {
        for file in ["/mnt/echo", "/media/echo", "/dev/shm/echo"] {
            who.runs(Cmd::tool("hc-run").args([file, "hi"]).on(&host)).run().ok().quiet().says("hi\n");
        }
    }
}
