//! What unshare(1) has too is the same to the program that is run.

use super::{Root, unshare};
use hc_tests::{Cmd, Dir, Ended, Host, View, can_make_hosts, compare, require, user_namespaces};

/// Option lists that both tools have and that take root.
const AS_ROOT: &[&str] = &[
    "",
    "--",
    "-m",
    "-u",
    "-i",
    "-n",
    "-p",
    "-U",
    "-C",
    "-f",
    "-fp",
    "-pf",
    "-f -m",
    "-fpium",
    "-fpium --mount-proc",
    "-fpiumn --mount-proc",
    "-muinpUCf --mount-proc",
    "--mount-proc",
    "-p --mount-proc",
    "-fp --mount-proc=/proc",
    "-fp --mount-proc=/nosuch --mount-proc",
    "-r",
    "-rU",
    "-rm",
    "-rn",
    "-rfp --mount-proc",
    "-w /tmp",
    "-w/tmp -w /",
    "--wd=/usr/../tmp -f",
    "--wd /tmp -rf",
    "-w / --mount-proc=proc -fp",
    "--mount --uts --ipc --net --pid --user --cgroup --fork --map-root-user --mount-proc",
    "--ut --i --n --pi --us --cg --fork --map-root --mount-p --wd=/tmp",
    "-R / -w /tmp",
    "--root=/ --uts",
];

/// And those that an ordinary user may use.
const AS_NOBODY: &[&str] = &[
    "",
    "-f",
    "-U",
    "-r",
    "-rf",
    "-rm",
    "-Um",
    "-UC",
    "-ru",
    "-rp",
    "-rfp",
    "-rfp --mount-proc",
    "-Ufp --mount-proc",
    "-rfpiumnC --mount-proc",
    "-r --root=/ -w /tmp",
    "-w /tmp",
];

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

#[test]
fn every_combination_of_namespaces_looks_the_same_to_root_s_program() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    for line in AS_ROOT {
        compare::views("unshare", "hc-unshare", &words(line), |cmd| cmd);
    }
}

#[test]
fn every_combination_of_namespaces_looks_the_same_to_a_user_s_program() {
    require!(user_namespaces(), "ordinary users may not make user namespaces here");
    for line in AS_NOBODY {
        compare::views("unshare", "hc-unshare", &words(line), Cmd::as_nobody);
    }
}

#[test]
fn a_new_namespace_is_made_for_each_letter_and_for_no_other() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let outside = Cmd::probe().view();
    for (option, names) in [
        ("-m", vec!["mnt"]),
        ("-u", vec!["uts"]),
        ("-i", vec!["ipc"]),
        ("-n", vec!["net"]),
        ("-U", vec!["user"]),
        ("-C", vec!["cgroup"]),
        ("-fp", vec!["pid", "pid_for_children"]),
        ("-f", vec![]),
    ] {
        let seen = unshare(&[option]).next_view();
        // Without a process in it yet, the PID namespace of the children has no name.
        assert_eq!(seen.new_namespaces(&outside), names, "{option}");
    }
}

#[test]
fn mounts_are_private_on_a_machine_that_shares_them() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let host = Host::shared();
    for line in ["-m", "-rm", "-fpium --mount-proc"] {
        let seen = compare::views("unshare", "hc-unshare", &words(line), |cmd| cmd.on(&host));
        assert!(!seen.mounts().iter().any(|mount| mount.contains("shared")), "{:?}", seen.mounts());
    }
    let before = host.mounts();
    let script = "mount -t tmpfs tmpfs /mnt && mkdir /mnt/inside";
    unshare(&["-m", "sh", "-c", script]).on(&host).run().ok().quiet();
    assert_eq!(host.mounts(), before);
    // Nor the other way round.
    let mut inside = unshare(&["-m", "sh", "-c", "echo ready; read go; test -e /mnt/outside || echo alone"])
        .on(&host)
        .hold_input()
        .start();
    inside.expect("ready\n");
    Cmd::sh("mount -t tmpfs tmpfs /mnt && mkdir /mnt/outside").on(&host).run().ok().quiet();
    inside.write(b"go\n", true);
    inside.wait().ok().says("ready\nalone\n");
}

#[test]
fn without_m_the_root_is_entered_by_chroot_as_unshare_does_it() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let root = Root::new();
    let place = root.path();
    let outside = Cmd::probe().view();
    for options in ["", "-u", "-f", "-r", "-w /a", "-f -w a/b"] {
        // The original looks a relative -w up in the old working directory, outside of the root.
        let mut line = vec!["-R", place.to_str().unwrap()];
        line.extend(words(options));
        line.push("/hc-probe");
        let pair = compare::both("unshare", "hc-unshare", &line, |cmd| cmd.dir(&place));
        pair.same_end();
        let [theirs, ours] =
            [&pair.original, &pair.ours].map(|output| View::parse(output.text()).comparable(&outside));
        if options.ends_with("a/b") {
            assert_eq!(ours["cwd"], ["/a/b"]);
        } else {
            assert_eq!(theirs, ours, "{line:?}");
        }
    }
}

#[test]
fn without_a_program_the_shell_is_a_login_shell() {
    let probe = hc_tests::probe();
    for user in [true, false] {
        let how = |cmd: Cmd| if user { cmd.as_nobody() } else { cmd };
        let outside = how(Cmd::probe()).view();
        let pair = compare::both("unshare", "hc-unshare", &["--fork"], |cmd| how(cmd).env("SHELL", &probe));
        let [theirs, ours] = [&pair.original, &pair.ours].map(|output| View::parse(output.text()));
        assert_eq!(ours.all("arg"), ["-hc-probe"]);
        assert_eq!(theirs.comparable(&outside), ours.comparable(&outside));
    }
    // Without SHELL it is the one in the passwd file, since util-linux 2.40, and at last /bin/sh.
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let dir = Dir::new();
    for (named, shell) in [("", "-sh"), ("/bin/bash", "-bash")] {
        let file = dir.file("passwd", format!("nobody:x:65534:65534::/:/x\nroot:x:0:0::/:{named}\n"));
        let line =
            format!("mount --bind {} /etc/passwd; echo 'echo $0 $#; exit 3' | hc-unshare -f", file.display());
        unshare(&["-m", "sh", "-c", &line]).run().exits(3).says(format!("{shell} 0\n")).quiet();
    }
    let message = unshare(&[]).env("SHELL", "/nosuch/sh").run().fails("hc-unshare", 127);
    assert_eq!(message, "/nosuch/sh: No such file or directory (there is no /nosuch)");
}

#[test]
fn a_program_that_does_not_start_has_the_same_status() {
    let dir = Dir::new();
    let text = dir.file("text", "no program\n");
    let script = dir.program("script", "#!/nosuch/sh\n");
    for (program, status) in [
        ("/nosuch", 127),
        ("nosuch", 127),
        ("", 127),
        ("/", 126),
        (text.to_str().unwrap(), 126),
        (script.to_str().unwrap(), 127),
    ] {
        for fork in [&[][..], &["-f"]] {
            let ours = unshare(fork).arg(program).run();
            ours.fails("hc-unshare", status);
            Cmd::new("unshare").args(fork).arg(program).run().exits(status);
        }
    }
}

#[test]
fn where_unshare_fails_so_does_hc_unshare() {
    for line in [
        "-w /nosuch true",
        "-R /nosuch true",
        "--mount-proc=/nosuch true",
        "-mR /etc/passwd true",
        "--no-such-option",
        "-x",
        "-R",
        "--root",
        "-mwnosuch",
        "--m",
    ] {
        for how in [|cmd: Cmd| cmd, Cmd::as_nobody] {
            let pair = compare::both("unshare", "hc-unshare", &words(line), how);
            assert_eq!(pair.original.ended, Ended::Exit(1), "{:?}", pair.original);
            pair.ours.fails("hc-unshare", 125);
        }
    }
}

#[test]
fn what_the_program_inherits_is_what_the_caller_had() {
    require!(user_namespaces(), "ordinary users may not make user namespaces here");
    let environ: [&[u8]; 6] = [b"A=1", b"A=2", b"no equals sign", b"\xff\xfe=\x80", b"=x", b"EMPTY="];
    let dir = Dir::new();
    let start = |cmd: Cmd| {
        let passed = std::fs::File::open("/dev/zero").unwrap();
        cmd.environ(environ)
            .umask(0o123)
            .dir(dir.path())
            .passing(passed, 100)
            .ignoring(libc::SIGPIPE)
            .ignoring(libc::SIGCHLD)
            .ignoring(libc::SIGINT)
            .ignoring(40)
            .blocking(libc::SIGTERM)
            .blocking(libc::SIGINT)
            .blocking(libc::SIGCHLD)
            .blocking(50)
    };
    let outside = start(Cmd::probe().args(["\u{e9}", "--", "", "-m"])).view();
    assert_eq!(outside.get("ignored"), "2 13 17 40");
    for options in ["", "-f", "-fU"] {
        let seen =
            start(unshare(&words(options)).arg(hc_tests::probe()).args(["\u{e9}", "--", "", "-m"])).view();
        for key in ["arg", "env", "fd", "ignored", "blocked", "umask", "cwd", "limit.stack"] {
            let same = |view: &View| match key {
                "fd" => view.descriptors().iter().map(i32::to_string).collect(),
                "arg" => view.all(key)[1..].iter().map(ToString::to_string).collect(),
                _ => view.all(key).iter().map(ToString::to_string).collect::<Vec<_>>(),
            };
            assert_eq!(same(&seen), same(&outside), "{options}: {key}");
        }
    }
}

#[test]
fn descriptors_that_the_caller_closed_stay_closed() {
    require!(user_namespaces(), "ordinary users may not make user namespaces here");
    let dir = Dir::of_nobody();
    let file = dir.join("view");
    let to = format!("to={}", file.display());
    for options in ["", "-f", "-r", "-rfpm --mount-proc --root=/"] {
        let mut cmd =
            Cmd::tool("hc-unshare").args(words(options)).arg(hc_tests::probe()).arg(&to).as_nobody();
        for descriptor in 0..=2 {
            cmd = cmd.closing(descriptor);
        }
        cmd.run().ok();
        let seen = View::parse(&std::fs::read_to_string(&file).unwrap());
        assert_eq!(seen.descriptors(), [] as [i32; 0], "{options}");
        std::fs::remove_file(&file).unwrap();
    }
}

#[test]
fn a_relative_mount_point_is_the_same_directory() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let dir = Dir::new();
    let place = dir.directory("p").parent().unwrap().to_owned();
    compare::views("unshare", "hc-unshare", &["-fp", "--mount-proc=p"], |cmd| cmd.dir(&place));
    let seen =
        compare::views("unshare", "hc-unshare", &["-w", place.to_str().unwrap(), "--mount-proc=p"], |cmd| {
            cmd
        });
    let expected = format!("/ {}/p ", place.display());
    assert!(seen.mounts().iter().any(|mount| mount.starts_with(&expected)), "{:?}", seen.mounts());
}
