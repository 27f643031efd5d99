//! `--print`: a line for a shell that does the same.

use super::everybody;
use hc_tests::{Cmd, Dir, Host, can_make_hosts, require, user_namespaces};

/// What hc-run prints about `words`, and what a shell makes of that.
fn pasted(how: impl Fn(Cmd) -> Cmd, words: &[&str]) -> hc_tests::Output {
    let printed = how(Cmd::tool("hc-run").args(words)).run().ok().quiet();
    assert_eq!(printed.text().matches('\n').count(), 1 + words.concat().matches('\n').count(), "{printed:?}");
    how(Cmd::sh(printed.text())).run()
}

#[test]
fn the_printed_line_pasted_into_sh_does_the_same() {
    require!(user_namespaces(), "ordinary users may not make user namespaces here");
    for who in everybody() {
        pasted(|cmd| who.runs(cmd), &["--print", "/bin/echo", "it's"]).ok().quiet().says("it's\n");
        let words = [
            "--print",
            "printf",
            "<%s>",
            "",
            "a b",
            "$HOME `x` \\ \"q\" * ? ~ # & | ; ( ) { } ! é",
            "x\ny",
            "--",
            "-n",
        ];
        let expected = format!("<{}>", words[3..].join("><"));
        pasted(|cmd| who.runs(cmd), &words).ok().quiet().says(expected);
    }
}

#[test]
fn a_kept_root_is_the_same_in_the_printed_line() {
    require!(user_namespaces(), "ordinary users may not make user namespaces here");
    let dir = Dir::of_nobody();
    let how = |cmd: Cmd| cmd.as_nobody().env("XDG_DATA_HOME", dir.path());
    pasted(how, &["--name=it's $x", "--print", "echo", "hi"]).ok().quiet().says("hi\n");
    assert!(dir.join("hc/it's $x/usr/bin/echo").exists() || dir.join("hc/it's $x/bin/echo").exists());
}

#[test]
fn printing_does_nothing() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (host, dir) = (Host::new(), Dir::new());
    let before = (host.mounts(), dir.listing(), host.path("/ns").exists());
    for storage in [&[][..], &["--name=box"], &["--rootfs=/nosuch"], &["-n", "-m1g", "--network=br0"]] {
        let printed =
            Cmd::tool("hc-run").args(storage).args(["--print", "echo"]).on(&host).dir(dir.path()).run();
        printed.ok().quiet();
        assert_eq!((host.mounts(), dir.listing(), host.path("/ns").exists()), before);
    }
}

#[test]
fn the_tree_is_a_link_a_line_and_what_it_is_for() {
    let shown =
        Cmd::tool("hc-run").args(["-r/r", "-m1g", "-eA=b c", "--print=tree", "/bin/echo"]).run().ok().quiet();
    let tools: Vec<&str> = shown.text().lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(tools, ["hc-cgroup", "", "hc-env", "", "hc-unshare", ""]);
    let explained =
        shown.text().lines().skip(1).step_by(2).all(|line| line.starts_with("    ") && line.len() > 20);
    assert!(explained && shown.text().contains("'A=b c'"), "{shown:?}");
}
