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
    for who in everybody() {
        let dir = if who == super::Who::User { Dir::of_nobody() } else { Dir::new() };
        let how = |cmd: Cmd| who.runs(cmd.dir(dir.path()));
        pasted(how, &["--root=it's $x", "--print", "echo", "hi"]).ok().quiet().says("hi\n");
        assert!(dir.join("it's $x/usr/bin/echo").exists() || dir.join("it's $x/bin/echo").exists());
    }
}

#[test]
fn printing_does_nothing() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (host, dir) = (Host::new(), Dir::new());
    let before = (host.mounts(), dir.listing(), host.path("/ns").exists());
    for storage in [&[][..], &["--name=box"], &["--root=box"]] {
        let printed =
            Cmd::tool("hc-run").args(storage).args(["--print", "echo"]).on(&host).dir(dir.path()).run();
        printed.ok().quiet();
        assert_eq!((host.mounts(), dir.listing(), host.path("/ns").exists()), before);
    }
}

#[test]
fn the_line_is_made_of_the_tools_in_the_order_of_the_contract() {
    for who in everybody() {
        let printed = who.runs(Cmd::tool("hc-run").args(["--root=/r", "--print", "/bin/echo"])).run().ok();
        let words: Vec<&str> = printed.text().trim_end().split(' ').collect();
        let tool = |word: &str| word.rsplit('/').next().unwrap_or_default().to_owned();
        let flags = if who == super::Who::User { "-rfpiumn" } else { "-fpiumn" };
        assert_eq!(tool(words[0]), "hc-rootfs");
        assert_eq!(words[1..4], ["/r", "/bin/echo", "--"]);
        assert_eq!(tool(words[4]), "hc-env");
        assert_eq!(words[5..7], ["-i", "container=handcraft"]);
        assert_eq!(tool(words[7]), "hc-unshare");
        assert_eq!(words[8..], [flags, "--mount-proc", "--root=/r", "/bin/echo"]);
    }
}
