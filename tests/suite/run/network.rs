//! Published ports, and the bridge that comes and goes with them.

use super::Who;
use hc_tests::{Cmd, Dir, Host, Running, can_make_hosts, eventually, require, user_namespaces};
use nix::sys::signal::Signal;

const ROOT: &str = "takes root with CAP_SYS_ADMIN";

/// A web server of one page on the container's port 80.
fn server(who: Who, host: &Host, page: &Dir, options: &[&str]) -> Running {
    let line = Cmd::tool("hc-run").args(options).args(["-v", ".:/www", "busybox", "sh", "-c"]);
    let line = line.arg("echo up; exec busybox httpd -f -p 80 -h /www").on(host).dir(page.path());
    let mut server = who.runs(line).start();
    server.expect("up\n");
    server
}

fn page() -> Dir {
    let page = Dir::of_nobody();
    page.file("index.html", "a page\n");
    page
}

/// Asks until the server listens.
#[track_caller]
fn ask(host: &Host, at: &str) {
    let curl = || Cmd::line(["curl", "-sS", "-m", "3", at]).on(host).run();
    eventually("the page", || curl().text() == "a page\n");
}

/// What is left of a network on the machine.
fn traces(host: &Host) -> String {
    let script = "ip -o link | sed 's/ mtu.*//'; nft list ruleset; ls /run/netns 2>/dev/null || true";
    Cmd::sh(script).on(host).run().ok().text().to_owned()
}

#[test]
fn a_published_port_is_a_web_server_and_leaves_nothing() {
    require!(can_make_hosts(), ROOT);
    let (host, page) = (Host::new(), page());
    let before = traces(&host);
    for signal in [Signal::SIGTERM, Signal::SIGKILL] {
        let mut one = server(Who::Root, &host, &page, &["-p", "8080:80"]);
        ask(&host, "http://127.0.0.1:8080/");
        // Another one on the same bridge, which is there as long as one of the two.
        let mut other = server(Who::Root, &host, &page, &["-p", "8081:80"]);
        ask(&host, "http://127.0.0.1:8081/");
        one.signal(signal);
        one.wait_for_it_alone();
        ask(&host, "http://127.0.0.1:8081/");
        assert!(traces(&host).contains("hc0"));
        other.signal(signal);
        other.wait_for_it_alone();
        eventually("nothing of it is left", || traces(&host) == before);
    }
}

#[test]
fn what_fails_on_the_way_leaves_no_bridge() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    let before = traces(&host);
    let taken = Cmd::tool("hc-run").args(["-p", "1:1", "--ip", "10.104.99.1/24", "true"]).on(&host).run();
    assert_eq!(taken.fails("hc-netns", 125), "address 10.104.99.1: is that of hc0");
    eventually("nothing of it is left", || traces(&host) == before);
    Cmd::sh("ip link add lan type bridge; ip addr add 10.104.99.9/16 dev lan").on(&host).run().ok().quiet();
    let before = traces(&host);
    let overlap = Cmd::tool("hc-run").args(["-p", "1:1", "true"]).on(&host).run().fails("hc-netns", 125);
    assert_eq!(
        overlap,
        "hc0: its network 10.104.99.0/24 overlaps with 10.104.99.9/16, which is an address here"
    );
    eventually("nothing of it is left", || traces(&host) == before);
}

#[test]
fn a_bridge_that_is_there_is_used_and_stays() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    Cmd::sh("hc-netns bridge hc0 --addr=10.7.0.1/24").on(&host).run().ok().quiet();
    let before = traces(&host);
    let address = ["--network=bridge", "ip", "-4", "-o", "addr", "show", "eth1"];
    let shown = Cmd::tool("hc-run").args(address).on(&host).run().ok().quiet();
    assert!(shown.text().contains(" 10.7.0.2/24 "), "{shown:?}");
    eventually("the link is gone", || traces(&host) == before);
}

#[test]
fn many_come_and_go_on_the_bridge_at_once() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    let before = traces(&host);
    let start = |_| Cmd::tool("hc-run").args(["--network=bridge", "true"]).on(&host).start();
    for _ in 0..4 {
        let running: Vec<_> = (0..8).map(start).collect();
        for one in running {
            one.wait().ok().quiet();
        }
    }
    eventually("nothing of it is left", || traces(&host) == before);
}

#[test]
fn a_user_s_port_is_pasta_s() {
    require!(can_make_hosts(), ROOT);
    require!(user_namespaces(), "ordinary users may not make user namespaces here");
    let (host, page) = (Host::new(), page());
    // pasta(1) takes the addresses of the interface that leads out.
    let lan = "ip link add lan type bridge; ip addr add 192.0.2.1/24 dev lan; ip link set lan up; ip route add default via 192.0.2.2";
    Cmd::sh(lan).on(&host).run().ok().quiet();
    for options in [&["-p", "8080:80"][..], &["-p", "8080:80", "-u", "1000"]] {
        let mut server = server(Who::User, &host, &page, options);
        ask(&host, "http://127.0.0.1:8080/");
        // Nothing is left of it, though pasta itself would leave its program behind.
        let all = server.descendants();
        assert!(all.len() >= 5, "{all:?}");
        server.signal(Signal::SIGKILL);
        server.wait_for_it_alone();
        let stat = |pid: &i32| std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let has_ended = |pid: &i32| stat(pid).is_empty() || stat(pid).contains(") Z ");
        eventually("nothing of it is left", || all.iter().all(has_ended));
    }
    let status = Cmd::tool("hc-run").args(["--network=pasta", "sh", "-c", "exit 7"]).on(&host);
    Who::User.runs(status).run().exits(7);
    let refused = Cmd::tool("hc-run").args(["--network=pasta", "true"]).run().fails("hc-run", 125);
    assert!(
        refused.starts_with("--network: pasta is for ordinary users; root has --network=bridge"),
        "{refused}"
    );
}

#[test]
fn what_has_a_name_keeps_its_network_namespace_until_it_is_deleted() {
    require!(can_make_hosts(), ROOT);
    let (host, _ns) = super::storage::host_with_ns();
    let before = traces(&host);
    let run = |words: &[&str]| Cmd::tool("hc-run").args(words).on(&host).run();
    let address = ["--name=box", "-p", "8080:80", "ip", "-4", "-o", "addr", "show", "eth1"];
    let first = run(&address).ok().quiet();
    assert!(first.text().contains(" 10.104.99.2/24 "), "{first:?}");
    assert_eq!(run(&address).ok().quiet().text(), first.text());
    Cmd::line(["ip", "netns", "list"]).on(&host).run().ok().quiet();
    run(&["--delete=box"]).ok().quiet();
    run(&["--list"]).ok().says("");
    eventually("nothing of it is left", || traces(&host) == before);
}

/// In which network namespace it is, and what is in there.
const INSIDE: [&str; 3] = ["sh", "-c", "readlink /proc/self/ns/net; cd /sys/class/net && echo *"];

#[test]
fn what_has_a_name_keeps_one_that_leads_nowhere_too() {
    require!(can_make_hosts(), ROOT);
    let (host, _ns) = super::storage::host_with_ns();
    let before = traces(&host);
    let run = |words: &[&str]| Cmd::tool("hc-run").args(words).on(&host).run().ok().quiet();
    let inside = |options: &[&str]| {
        let readlink = ["-f", "/bin/readlink"];
        let words: Vec<&str> = options.iter().chain(&readlink).chain(&INSIDE).copied().collect();
        run(&words).text().to_owned()
    };
    let first = inside(&["--name=box"]);
    assert!(first.ends_with("]\nlo\n"), "{first}");
    assert_eq!(inside(&["--name=box"]), first, "a second run is in the same");
    let exec = Cmd::line(["ip", "netns", "exec", "box"]).args(INSIDE).on(&host).run().ok().quiet();
    assert_eq!(exec.text(), first, "and so are others");
    run(&["--list"]).says("box\t-\t/ns/box\t/run/netns/box\n");
    // One that is asked for is not that one.
    assert_ne!(inside(&["--name=box", "--network=none"]), first);
    let own = Cmd::line(INSIDE).on(&host).run().ok().quiet();
    assert_eq!(inside(&["--name=box", "--network=host"]).lines().next(), own.text().lines().next());
    // A link of another run stays in it.
    run(&["--name=box", "--network=bridge", "true"]);
    assert_eq!(inside(&["--name=box"]), first.replace("]\nlo\n", "]\neth1 lo\n"));
    run(&["--delete=box"]);
    run(&["--list"]).says("");
    eventually("nothing of it is left", || traces(&host) == before);
}

#[test]
fn a_user_s_named_container_has_a_new_one_each_time() {
    require!(can_make_hosts(), ROOT);
    require!(user_namespaces(), "ordinary users may not make user namespaces here");
    let (host, home) = (Host::new(), Dir::of_nobody());
    let before = traces(&host);
    let run = |words: &[&str]| {
        let line = Cmd::tool("hc-run").args(words).env("XDG_DATA_HOME", home.path()).on(&host);
        Who::User.runs(line).run().ok().quiet()
    };
    let view = run(&["--name=box", "sh", "-c", "cd /sys/class/net && echo *"]);
    assert_eq!(view.text(), "lo\n");
    assert_eq!(traces(&host), before);
    run(&["--list"]).says(format!("box\t-\t{}/hc/box\t-\n", home.path().display()));
}
