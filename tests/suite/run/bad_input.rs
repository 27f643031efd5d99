//! What cannot be run: one line, the right status, nothing left behind.

use super::everybody;
use hc_tests::{Cmd, Dir, Host, can_make_hosts, is_root, require, user_namespaces};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

#[test]
fn a_bad_command_line_is_refused_before_anything_is_done() {
    let cases: [(&[&str], &str); 22] = [
        (&[], "no program to run"),
        (&["--frobnicate", "echo"], "unrecognized option '--frobnicate'"),
        (&["-x", "echo"], "invalid option -- 'x'"),
        (&["--na", "a"], "no program to run"),
        (&["--name"], "option '--name' requires an argument"),
        (&["--print=1", "echo"], "--print: there is no way but tree, and the line without it"),
        (&["--name=a/b", "echo"], "--name: 'a/b' has a slash (--rootfs takes a directory)"),
        (&["--name=..", "echo"], "--name: '..' is no name"),
        (&["--delete="], "--delete: an empty name is no name"),
        (&["--name=a", "--rootfs=b", "echo"], "--name and --rootfs exclude each other"),
        (&["--rootfs=", "echo"], "--rootfs: an empty name is no directory"),
        (&["-v", "/a", "echo"], "--volume: '/a': not SRC:DST[:ro]"),
        (&["-v", "/a:/b:rx", "echo"], "--volume: '/a:/b:rx': what is behind DST is ro or rw"),
        (&["-e", "=x", "echo"], "--env: '=x' has no name"),
        (&["-u", "", "echo"], "--user: '' is not UID[:GID]"),
        (&["-u", "web", "echo"], "--user: a name is looked up in a --rootfs: here, give a number"),
        (&["--network=", "echo"], "--network: an empty name is no network"),
        (&["--network=host:nat", "echo"], "--network: host takes no options"),
        (&["--network=host", "-p1:1", "echo"], "--publish is for a --network that is a bridge or pasta"),
        (&["--network=pasta", "--dns=::1", "echo"], "--ip and --dns are for a --network that is a bridge"),
        (
            &["--security-opt=apparmor=x", "echo"],
            "--security-opt: 'apparmor=x' is neither seccomp=unconfined, seccomp=FILE nor no-new-privileges",
        ),
        (&["--list", "echo"], "--list and --delete take no program"),
    ];
    let dir = Dir::of_nobody();
    for (words, message) in cases {
        for who in everybody() {
            let line = Cmd::tool("hc-run").args(words).dir(dir.path());
            let said = who.runs(line).run().fails("hc-run", 125);
            assert_eq!(said, format!("{message}: try 'man hc-run'"), "{words:?}");
        }
    }
    assert_eq!(dir.listing(), Vec::<String>::new());
}

#[test]
fn a_program_that_cannot_be_run_is_told_and_no_root_is_made() {
    let dir = Dir::of_nobody();
    let text = dir.file("text", "hello\n");
    let program = dir.program("program", "hello\n");
    let (text, program, here) = (text.display(), program.display(), dir.path().display());
    let cases: [(String, i32, String); 8] = [
        ("nosuch".into(), 127, "nosuch: not found in PATH".into()),
        ("/nosuch".into(), 127, "/nosuch: No such file or directory".into()),
        ("/no/such".into(), 127, "/no/such: No such file or directory (there is no /no)".into()),
        (String::new(), 127, "'': an empty name is no program".into()),
        (here.to_string(), 126, format!("{here}: is a directory")),
        (text.to_string(), 126, format!("{text}: not executable (its mode is 0644)")),
        (
            program.to_string(),
            126,
            format!("{program}: neither a program of this machine nor a script with a #! line"),
        ),
        ("/dev/null".into(), 126, "/dev/null: is not a regular file".into()),
    ];
    for (name, status, message) in cases {
        for who in everybody() {
            let line = Cmd::tool("hc-run").args(["--name=root", &name]).env("XDG_DATA_HOME", dir.path());
            assert_eq!(who.runs(line).run().fails("hc-run", status), message, "{who:?}: {name}");
            assert!(!dir.join("hc").exists(), "{name}");
        }
    }
}

#[test]
fn a_root_directory_that_cannot_be_one_is_told() {
    require!(is_root(), "needs a user to refuse");
    let dir = Dir::new();
    let file = dir.file("file", "x");
    let closed = dir.directory("closed");
    std::fs::set_permissions(&closed, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let before = dir.listing();
    let run = |root: &std::path::Path| Cmd::tool("hc-run").arg("--rootfs").arg(root).arg("echo");
    let reason = |root: &std::path::Path, user: bool| {
        let line = if user { run(root).as_nobody() } else { run(root) };
        line.run().fails("hc-unshare", 125)
    };
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    assert!(reason(&file, false).ends_with("Not a directory"), "{}", reason(&file, false));
    assert!(reason(&dir.join("nosuch"), false).contains("No such file or directory"));
    assert!(reason(&closed, true).contains("Permission denied"));
    assert_eq!(dir.listing(), before);
}

/// Where a named container would be there is something of somebody else's.
#[test]
fn what_is_in_the_place_of_a_named_container_is_left_alone() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let host = Host::new();
    Cmd::sh("mkdir -p /ns /root/victim; ln -s /root/victim /ns/link; echo x >/ns/file")
        .on(&host)
        .run()
        .ok()
        .quiet();
    for name in ["link", "file"] {
        for option in ["--name", "--delete"] {
            let line = Cmd::tool("hc-run").args([option, name]).args((option == "--name").then_some("echo"));
            let message = line.on(&host).run().fails("hc-run", 125);
            assert_eq!(message, format!("/ns/{name}: not a directory, so no container"));
        }
    }
    Cmd::sh("ls -A /root/victim; cat /ns/file").on(&host).run().ok().says("x\n");
}

#[test]
fn a_hostile_name_stays_on_one_line() {
    for who in everybody() {
        let name = OsStr::from_bytes(b"/x\n\x1b[2Jy\xff");
        let line = Cmd::tool("hc-run").arg(name);
        let message = who.runs(line).run().fails("hc-run", 127);
        assert_eq!(message, "/x\\n\\x1b[2Jy\\xff: No such file or directory");
    }
}

#[test]
fn a_missing_library_is_told_and_leaves_nothing() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let host = Host::new();
    // A program whose library is taken away.
    let make = "cd /root; printf 'int f(void);int main(void){return f();}' >m.c; printf 'int f(void){return 0;}' >f.c
                cc -shared -o /usr/lib/libhcgone.so f.c && cc -o m m.c -lhcgone && rm /usr/lib/libhcgone.so";
    Cmd::sh(make).on(&host).run().ok().quiet();
    let message = Cmd::tool("hc-run").args(["--name=a", "/root/m"]).on(&host).run().fails("hc-rootfs", 125);
    assert!(message.starts_with("/root/m: libhcgone.so, which it needs, is in none of: "), "{message}");
    assert!(!host.path("/ns/a").exists());
}

#[test]
fn python_s_missing_library_is_named_with_the_way_to_get_it() {
    require!(user_namespaces(), "ordinary users may not make user namespaces here");
    let library =
        Cmd::new("/usr/bin/python3").args(["-c", "import os; print(os.path.dirname(os.__file__))"]).run();
    let library = library.ok().text().trim().to_owned();
    for who in everybody() {
        let script = ["/usr/bin/python3", "-c", "import os, json; print(os.getpid())"];
        let output = who.runs(Cmd::tool("hc-run").args(script)).run();
        let first = String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or_default().to_owned();
        assert!(first.starts_with("hc-rootfs: /usr/bin/python3"), "{output:?}");
        assert!(first.contains(" is data and is not copied"), "{output:?}");
        let with = Cmd::tool("hc-run").args(["-f", &library]).args(script);
        assert_eq!(who.runs(with).run().ok().text(), "2\n");
    }
}
