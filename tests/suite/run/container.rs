//! What the program is in, and what is left when it has ended.

use super::{Who, everybody};
use hc_tests::{
    Cmd, Dir, Ended, Host, View, can_make_hosts, eventually, is_root, probe, require, user_namespaces,
};
use nix::sys::signal::Signal;

const NO_USER_NAMESPACES: &str = "ordinary users may not make user namespaces here";

/// hc-run's view of the probe, and a view from where it was started.
fn views(who: Who, how: impl Fn(Cmd) -> Cmd) -> (View, View) {
    let inside = who.runs(how(Cmd::tool("hc-run"))).next_view();
    (inside, who.runs(how(Cmd::probe())).view())
}

#[test]
fn says_hello_from_a_program_of_this_machine() {
    require!(user_namespaces(), NO_USER_NAMESPACES);
    for who in everybody() {
        let hello = who.runs(Cmd::tool("hc-run").args(["/bin/echo", "Hello, world!"]));
        hello.run().ok().quiet().says("Hello, world!\n");
    }
}

#[test]
fn the_program_is_in_a_jail() {
    require!(user_namespaces(), NO_USER_NAMESPACES);
    for who in everybody() {
        let (inside, outside) = views(who, |cmd| cmd);
        let mut new = inside.new_namespaces(&outside);
        new.retain(|name| name != "pid_for_children");
        assert_eq!(new, ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"], "{who:?}");
        assert_eq!((inside.get("pid"), inside.get("processes")), ("2", "1 2"));
        assert_eq!((inside.get("uids"), inside.get("gids"), inside.get("groups")), ("0 0 0", "0 0 0", ""));
        let path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        assert_eq!(inside.all("env"), ["container=handcraft", path, "HOME=/root"]);
        assert_eq!((inside.get("cwd"), inside.get("hostname")), ("/", "hc"));
        assert_eq!(inside.get("no_new_privs"), "1");
        let capabilities = inside.get("bounding");
        assert_eq!(capabilities, "800405fb", "what podman gives");
    }
}

#[test]
fn its_ids_are_nobody_s_or_the_user_s() {
    require!(is_root(), "needs to know which user it is");
    require!(user_namespaces(), NO_USER_NAMESPACES);
    let (inside, _) = views(Who::User, |cmd| cmd);
    assert_eq!(inside.get("setgroups"), "deny");
    // Of the user namespace that is made for the root directory.
    assert_eq!((inside.get("uid_map"), inside.get("gid_map")), ("0 0 1", "0 0 1"));
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (inside, _) = views(Who::Root, |cmd| cmd);
    let [[0, first, 65536]] = inside.id_map("uid_map")[..] else { panic!("{}", inside.get("uid_map")) };
    assert!(first >= 524_288, "{first}");
}

#[test]
fn its_root_directory_is_a_tmpfs_and_the_rest_is_a_jail_s() {
    require!(user_namespaces(), NO_USER_NAMESPACES);
    for who in everybody() {
        let (inside, _) = views(who, |cmd| cmd);
        let mounts = inside.mounts();
        assert!(mounts[0].starts_with("/ / rw,nosuid,nodev,relatime"), "{}", mounts[0]);
        assert!(mounts[0].contains(" - tmpfs tmpfs rw"), "{}", mounts[0]);
        for point in ["/proc", "/sys", "/dev", "/dev/pts", "/dev/shm", "/dev/null"] {
            assert!(
                mounts.iter().any(|mount| mount.split(' ').nth(1) == Some(point)),
                "{point}: {mounts:#?}"
            );
        }
    }
}

#[test]
fn the_root_directory_holds_the_program_and_what_it_needs_and_mount_points() {
    require!(user_namespaces(), NO_USER_NAMESPACES);
    for who in everybody() {
        let script = "cd /; echo *; echo tmp/* dev/* sys/* etc; command -v ls || echo no ls";
        let output = who.runs(Cmd::tool("hc-run").args(["/bin/sh", "-c", script])).run().ok().quiet();
        let usr = if std::fs::symlink_metadata("/bin").unwrap().is_symlink() { " usr" } else { "" };
        let lines: Vec<&str> = output.text().lines().collect();
        assert!(lines[0].starts_with("bin dev lib"), "{output:?}");
        assert!(lines[0].ends_with(&format!("proc run sys tmp{usr}")), "{output:?}");
        assert!(lines[1].starts_with("tmp/* dev/fd dev/full dev/null "), "{output:?}");
        assert!(lines[1].ends_with(" etc"), "{output:?}");
        assert_eq!(lines[2..], ["no ls"]);
    }
}

#[test]
fn what_the_caller_hands_in_reaches_the_program_through_the_whole_chain() {
    require!(user_namespaces(), NO_USER_NAMESPACES);
    for who in everybody() {
        let file = std::fs::File::open("/dev/null").unwrap();
        let how = |cmd: Cmd| {
            let file = file.try_clone().unwrap();
            cmd.ignoring(libc::SIGPIPE)
                .ignoring(libc::SIGHUP)
                .blocking(libc::SIGUSR1)
                .umask(0o027)
                .passing(file, 100)
        };
        let (inside, outside) = views(who, how);
        let (seen, expected) = (inside.comparable(&outside), outside.comparable(&outside));
        for key in ["ignored", "blocked", "umask", "limit.nofile", "limit.core"] {
            assert_eq!(seen[key], expected[key], "{who:?}: {key}");
        }
        // But for what is open.
        assert_eq!(inside.descriptors(), [0, 1, 2]);
        assert_eq!(inside.get("ignored"), "1 13");
    }
}

#[test]
fn streams_pass_byte_for_byte() {
    require!(user_namespaces(), NO_USER_NAMESPACES);
    let bytes: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    for who in everybody() {
        who.runs(Cmd::tool("hc-run").arg("cat").input(&bytes)).run().ok().quiet().says(&bytes);
    }
}

#[test]
fn arguments_are_bytes_and_none_is_an_option() {
    require!(user_namespaces(), NO_USER_NAMESPACES);
    for who in everybody() {
        let words = ["--rootfs=/x", "--", "", "a b", "it's", "-h", "$(x)", "a\nb"];
        let view = who.runs(Cmd::tool("hc-run").arg(probe()).args(words)).view();
        assert_eq!(view.all("arg")[1..], ["--rootfs=/x", "--", "", "a b", "it\\'s", "-h", "$(x)", "a\\nb"]);
    }
}

#[test]
fn its_status_is_the_program_s() {
    require!(user_namespaces(), NO_USER_NAMESPACES);
    for who in everybody() {
        for status in [0, 1, 7, 124, 125, 126, 127, 255] {
            who.runs(Cmd::tool("hc-run").args(["sh", "-c", &format!("exit {status}")]))
                .run()
                .exits(status)
                .quiet();
        }
        // A process of the container, ended from outside: the caller sees the signal.
        let mut running =
            who.runs(Cmd::tool("hc-run").args(["sh", "-c", "echo up; read x"])).hold_input().start();
        running.expect("up\n");
        let inner = running.descendants();
        assert_eq!(inner.len(), 2, "process 1 and the program, no more");
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(inner[1]), Signal::SIGKILL).unwrap();
        running.wait().exits(128 + Signal::SIGKILL as i32).quiet();
    }
}

#[test]
fn nothing_is_left_on_the_machine_when_it_has_ended() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (host, dir) = (Host::new(), Dir::new());
    let state = || {
        (
            host.mounts(),
            host.listing("/ns"),
            host.listing("/mnt"),
            host.listing("/media"),
            host.listing("/run"),
            dir.listing(),
        )
    };
    let before = state();
    for who in everybody() {
        for (words, status) in
            [(&["/bin/echo", "x"][..], 0), (&["sh", "-c", "exit 3"], 3), (&["sh", "-c", "echo x > /file"], 0)]
        {
            who.runs(Cmd::tool("hc-run").args(words).on(&host).dir(dir.path())).run().exits(status).quiet();
            assert_eq!(state(), before, "{who:?}: {words:?}");
        }
    }
}

#[test]
fn nothing_is_left_when_it_is_killed() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    for who in everybody() {
        let host = Host::new();
        let before = host.mounts();
        let line = Cmd::tool("hc-run").args(["sh", "-c", "echo up; read x"]).hold_input().on(&host);
        let mut running = who.runs(line).start();
        running.expect("up\n");
        let inner = running.descendants();
        let namespace = std::fs::read_link(format!("/proc/{}/ns/mnt", inner[0])).unwrap();
        running.signal(Signal::SIGKILL);
        assert_eq!(running.wait_for_it_alone(), Ended::Signal(9));
        // Its input is still open: what ends the program is that its caller has.
        let in_use = || {
            let processes = std::fs::read_dir("/proc").unwrap().flatten();
            processes
                .filter_map(|entry| std::fs::read_link(entry.path().join("ns/mnt")).ok())
                .any(|own| own == namespace)
        };
        eventually("the container's mount namespace is gone", || !in_use());
        assert_eq!(host.mounts(), before, "{who:?}");
    }
}

#[test]
fn many_at_once_do_not_disturb_each_other() {
    require!(user_namespaces(), NO_USER_NAMESPACES);
    for who in everybody() {
        let start = |number: u32| who.runs(Cmd::tool("hc-run").args(["echo", &number.to_string()])).start();
        let running: Vec<_> = (0..20).map(start).collect();
        for (number, running) in running.into_iter().enumerate() {
            running.wait().ok().quiet().says(format!("{number}\n"));
        }
    }
}

#[test]
fn any_link_can_be_swapped_for_the_original() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let links = [("hc-netns exec", "ip netns exec"), ("hc-env", "env"), ("hc-unshare", "unshare")];
    let ours = "hc-rootfs /ns/box /bin/echo -- hc-netns exec box hc-env -i container=handcraft PATH=\"$PATH\" \
                hc-unshare -fpium --mount-proc --root=/ns/box /bin/echo 'Hello, world!'";
    // Each subset of the three: none replaced, each one, and all.
    for subset in 0..8 {
        let chosen = links.iter().enumerate().filter(|(at, _)| subset >> at & 1 == 1);
        let line = chosen.fold(ours.to_owned(), |line, (_, (own, original))| line.replace(own, original));
        let host = Host::new();
        Cmd::tool("hc-netns").args(["add", "box"]).on(&host).run().ok().quiet();
        Cmd::sh(&line).on(&host).run().ok().quiet().says("Hello, world!\n");
    }
    // And with chroot(8) in the place of --root, as in the post.
    let host = Host::new();
    let post = ours.replace("--root=/ns/box", "chroot /ns/box");
    Cmd::sh(format!("hc-netns add box; {post}")).on(&host).run().ok().quiet().says("Hello, world!\n");
}
