//! No program: a shell. SHELL is the same with both. Without it, 2.38 takes /bin/sh at once; since 2.42 the passwd
//! file is asked before that, and ours does so.

use super::{Stage, as_root};
use hc_tests::{Cmd, Dir, Ended, View, can_make_hosts, require, user_namespaces};

#[test]
fn of_the_environment_is_alike() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let stage = Stage::new();
    let probe = hc_tests::probe();
    for who in [as_root, Cmd::as_nobody] {
        let outside = stage.start(who, Cmd::probe()).view();
        for line in ["", "-f", "-r", "-rf", "-c", "--", "-w /tmp", "-rfpm --mount-proc", "-rR ROOT"] {
            let run = |tool: Cmd| {
                let cmd = stage.start(who, tool.env("SHELL", &probe)).args(stage.words(line));
                View::parse(cmd.run().ok().quiet().text())
            };
            let [theirs, ours] = [run(Cmd::new("unshare")), run(super::unshare(&[]))];
            assert_eq!(ours.all("arg"), ["-hc-probe"], "{line}");
            let [theirs, ours] = [theirs, ours].map(|view| view.comparable(&outside));
            if let Err(why) = super::difference(&theirs, &ours) {
                panic!("unshare {line}\n{why}");
            }
        }
    }
    for (shell, status) in [("/nosuch/sh", 127), ("nosuch", 127), ("/", 126), ("/etc/passwd", 126)] {
        for line in ["", "-f"] {
            let run =
                |tool: Cmd| stage.start(as_root, tool.env("SHELL", shell)).args(stage.words(line)).run();
            assert_eq!(run(Cmd::new("unshare")).ended, Ended::Exit(status), "{shell}");
            run(super::unshare(&[])).fails("hc-unshare", status);
        }
    }
}

/// A program whose name is what a login shell gets as its own.
fn name(stage: &Stage, who: super::Who, line: &str, passwd: &str) -> String {
    stage.file("/etc/passwd", passwd);
    // One that is asked for what it is told: a shell of any name.
    let output = stage.start(who, super::unshare(&[])).args(stage.words(line)).input("echo $0 $#\n").run();
    output.ok().quiet().text().to_owned()
}

#[test]
fn of_the_passwd_file_comes_next() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let stage = Stage::new();
    let bash = "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534::/:/bin/bash\n";
    for (who, uid) in [(as_root as super::Who, 0), (Cmd::as_nobody, 65534)] {
        assert_eq!(name(&stage, who, "", bash), "-bash 0\n");
        assert_eq!(name(&stage, who, "-f", bash), "-bash 0\n");
        for passwd in [
            // No shell, or no such user: the last resort.
            String::new(),
            "\n".to_owned(),
            format!("x:x:{uid}:0:::\n"),
            format!("x:x:{uid}:0::/\n"),
            format!("x:x:{uid}\n"),
            format!("x:x:1{uid}:0::/:/bin/bash\n"),
            format!("{uid}:x:77:0::/:/bin/bash\n"),
        ] {
            assert_eq!(name(&stage, who, "", &passwd), "-sh 0\n", "{passwd:?}");
        }
        for passwd in [
            format!("x:x:{uid}:0::/:/bin/bash"),
            format!("x:x:{uid}:0::/:/bin/bash\ny:x:{uid}:0::/:/bin/dash\n"),
            format!("\nbroken\n#x:x:7:0::/:/bin/dash\nx:x:{uid}:0::/:/bin/bash\n"),
        ] {
            assert_eq!(name(&stage, who, "", &passwd), "-bash 0\n", "{passwd:?}");
        }
    }
}

/// Who one is in the end counts, and what the new root has.
#[test]
fn of_the_passwd_file_is_that_of_whom_one_has_become() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let stage = Stage::new();
    let passwd = "root:x:0:0::/:/bin/bash\nnobody:x:65534:65534::/:/bin/dash\nu:x:1000:1000::/:/bin/bash\n";
    assert_eq!(name(&stage, Cmd::as_nobody, "-r", passwd), "-bash 0\n");
    assert_eq!(name(&stage, Cmd::as_nobody, "-c", passwd), "-dash 0\n");
    assert_eq!(name(&stage, as_root, "-S 65534", passwd), "-dash 0\n");
    assert_eq!(name(&stage, as_root, "-S 1000", passwd), "-bash 0\n");
    let probe = hc_tests::probe();
    stage.dir.file("root/etc/passwd", format!("root:x:0:0::/:{}\n", probe.display()));
    for line in ["-R ROOT", "-m -R ROOT", "-fm -R ROOT"] {
        let output = stage.start(as_root, super::unshare(&[])).args(stage.words(line)).run();
        assert_eq!(View::parse(output.ok().quiet().text()).all("arg"), ["-hc-probe"], "{line}");
    }
}

#[test]
fn of_the_environment_that_is_empty_is_none() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let stage = Stage::new();
    stage.file("/etc/passwd", "");
    let run = || stage.start(as_root, super::unshare(&["-f"]).env("SHELL", ""));
    run().input("echo $0\n").run().ok().says("-sh\n").quiet();
    stage.file("/etc/passwd", "root:x:0:0::/:/bin/bash\n");
    run().input("echo $0\n").run().ok().says("-bash\n").quiet();
}

/// A name is looked for in PATH, as that of NEXT is; unshare(1) takes it from the working directory.
#[test]
fn of_the_environment_may_be_a_name() {
    require!(hc_tests::is_root(), "takes root");
    let dir = Dir::new();
    dir.program("hc-shell", "#!/bin/sh\necho found\n");
    let path = format!("{}:/bin:/usr/bin", dir.path().display());
    let run =
        |tool: Cmd, place: &str| tool.arg("-u").env("SHELL", "hc-shell").env("PATH", &path).dir(place).run();
    run(super::unshare(&[]), "/").ok().says("found\n").quiet();
    assert_eq!(run(Cmd::new("unshare"), "/").ended, Ended::Exit(127));
    let path = "/bin:/usr/bin";
    let here = |tool: Cmd| tool.arg("-u").env("SHELL", "hc-shell").env("PATH", path).dir(dir.path()).run();
    here(super::unshare(&[])).fails("hc-unshare", 127);
    here(Cmd::new("unshare")).ok().says("found\n").quiet();
}

/// What else there is in the place of the file is neither waited for nor opened.
#[test]
fn of_a_passwd_file_that_is_none_is_none() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let stage = Stage::new();
    let file = stage.dir.path().join("root/etc/passwd");
    let log = stage.dir.join("calls");
    for make in ["mkfifo", "mknod -m 666 FILE c 1 3", "mkdir", "ln -s /dev/zero"] {
        let make = if make.contains("FILE") { make.to_owned() } else { format!("{make} FILE") };
        let script = format!("mkdir -p $(dirname FILE); rm -rf FILE; {make}")
            .replace("FILE", &file.display().to_string());
        Cmd::sh(&script).run().ok().quiet();
        let strace = ["strace", "-f", "-e", "trace=open,openat,openat2", "-o", log.to_str().unwrap()];
        let tool = Cmd::line(strace).chain(&super::unshare(&["-m"])).args(stage.words("-R ROOT"));
        stage.start(as_root, tool).run();
        let calls = std::fs::read_to_string(&log).unwrap();
        let opened = calls.lines().any(|line| line.contains("\"/etc/passwd\""));
        assert!(!opened, "{make}: {calls}");
    }
}
