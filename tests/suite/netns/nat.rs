//! The way out, and published ports: from a third namespace, from the host, from neighbours.

use super::{ROOT, done, ours, sh, traces};
use hc_tests::{Cmd, Ended, Host, Running, can_make_hosts, eventually, require};

/// A host with a bridge, and beyond another cable a world that knows nothing of the bridge's network.
const WORLD: &str = "hc-netns bridge br0 --addr=10.7.0.1/24 --addr=fd07::1/64
    ip netns add world; ip link add wan type veth peer name eth0 netns world
    ip address add 192.0.2.1/24 dev wan; ip address add 2001:db8::1/64 dev wan nodad; ip link set wan up
    ip -n world link set lo up; ip -n world link set eth0 up
    ip -n world address add 192.0.2.2/24 dev eth0; ip -n world address add 2001:db8::2/64 dev eth0 nodad";

fn world() -> Host {
    let host = Host::new();
    sh(&host, WORLD);
    host
}

/// A web server in the namespace: it says from where it is asked.
fn server(host: &Host, name: &str, port: u16) -> Running {
    let script = format!(
        "import http.server, socket
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(self.client_address[0].encode())
    def log_message(self, *args): pass
class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
server = Server(('::', {port}), Handler)
print('ready', flush=True)
server.serve_forever()"
    );
    let mut server = ours(host, &format!("exec {name} python3 -c")).arg(script).start();
    server.expect("ready\n");
    server
}

/// What the server says to who asks from a namespace, or from the host.
fn ask(host: &Host, from: &str, at: &str) -> Option<String> {
    let enter = if from.is_empty() { String::new() } else { format!("ip netns exec {from} ") };
    let output = Cmd::sh(format!("{enter}curl -gsS -m 3 http://{at}/")).on(host).run();
    (output.ended == Ended::Exit(0)).then(|| output.text().to_owned())
}

#[test]
fn masquerading_leads_out_and_goes_with_its_last_user() {
    require!(can_make_hosts(), ROOT);
    let host = world();
    let before = traces(&host);
    done(ours(&host, "up plain --addr=auto"));
    done(ours(&host, "up a --addr=auto"));
    let _server = server(&host, "world", 80);
    assert_eq!(ask(&host, "a", "192.0.2.2"), None, "nobody has asked for a way out");
    done(ours(&host, "up b --addr=auto --nat"));
    assert_eq!(ask(&host, "b", "192.0.2.2").as_deref(), Some("::ffff:192.0.2.1"));
    assert_eq!(ask(&host, "b", "[2001:db8::2]").as_deref(), Some("2001:db8::1"));
    // It is the bridge's network that has a way out, for as long as one asks for it.
    assert_eq!(ask(&host, "a", "192.0.2.2").as_deref(), Some("::ffff:192.0.2.1"));
    assert_eq!(ask(&host, "b", "10.7.0.3").as_deref(), None, "no server there");
    done(ours(&host, "down b"));
    assert_eq!(sh(&host, "nft list ruleset"), "");
    // One without a name has it as well, and takes it away.
    let line = "run --addr=auto --nat curl -sS -m 3 http://192.0.2.2/";
    ours(&host, line).run().ok().quiet().says("::ffff:192.0.2.1");
    done(ours(&host, "down a plain"));
    eventually("the rules are gone", || traces(&host) == before);
}

#[test]
fn published_ports_lead_in_from_everywhere() {
    require!(can_make_hosts(), ROOT);
    let host = world();
    done(ours(&host, "up web --addr=auto --publish=8080:80 --publish=192.0.2.1:8081:80"));
    done(ours(&host, "up other --addr=auto"));
    let _server = server(&host, "web", 80);
    for (from, at, asker) in [
        ("", "127.0.0.1:8080", "::ffff:10.7.0.1"),
        ("", "localhost:8080", "::ffff:10.7.0.1"),
        ("", "10.7.0.1:8080", "::ffff:10.7.0.1"),
        ("", "192.0.2.1:8080", "::ffff:192.0.2.1"),
        ("", "[fd07::1]:8080", "fd07::1"),
        ("world", "192.0.2.1:8080", "::ffff:192.0.2.2"),
        ("world", "192.0.2.1:8081", "::ffff:192.0.2.2"),
        ("world", "[2001:db8::1]:8080", "2001:db8::2"),
        ("other", "10.7.0.1:8080", "::ffff:10.7.0.1"),
        ("other", "192.0.2.1:8080", "::ffff:10.7.0.1"),
        ("other", "[fd07::1]:8080", "fd07::1"),
        ("web", "10.7.0.1:8080", "::ffff:10.7.0.1"),
        ("web", "[fd07::1]:8080", "fd07::1"),
    ] {
        assert_eq!(ask(&host, from, at).as_deref(), Some(asker), "from '{from}' at {at}");
    }
    for (from, at) in [
        ("", "127.0.0.1:8081"),
        ("other", "10.7.0.1:8081"),
        ("world", "[2001:db8::1]:8081"),
        ("", "127.0.0.1:80"),
    ] {
        assert_eq!(ask(&host, from, at), None, "from '{from}' at {at}");
    }
}

#[test]
fn udp_is_published_as_well() {
    require!(can_make_hosts(), ROOT);
    let host = world();
    done(ours(&host, "up a --addr=auto --publish=5300:53/udp"));
    let server = "import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('', 53)); print('ready', flush=True)
while True:
    data, who = s.recvfrom(100); s.sendto(data.upper(), who)";
    let mut server = ours(&host, "exec a python3 -c").arg(server).start();
    server.expect("ready\n");
    let client = "import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(3)
s.connect((sys.argv[1], 5300)); s.send(b'hello'); print(s.recv(100).decode())";
    for (from, at) in [("world", "192.0.2.1"), ("a", "10.7.0.1")] {
        let words = ["exec", from, "python3", "-c", client, at];
        Cmd::tool("hc-netns").args(words).on(&host).run().ok().says("HELLO\n");
    }
    Cmd::line(["python3", "-c", client, "127.0.0.1"]).on(&host).run().ok().says("HELLO\n");
}

#[test]
fn the_host_s_own_127_0_0_1_stays_its_own() {
    require!(can_make_hosts(), ROOT);
    let host = world();
    done(ours(&host, "up a --addr=auto --publish=8080:80"));
    // A server of the host that listens on 127.0.0.1 alone: a neighbour on the bridge that sends it packets by its hardware
    // address gets no answer.
    let server = "import socket
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(('127.0.0.1', 7777)); s.listen()
print('ready', flush=True)
while True: s.accept()";
    let mut server = Cmd::line(["python3", "-c", server]).on(&host).start();
    server.expect("ready\n");
    let attack = "ip address del 127.0.0.1/8 dev lo; ip route add 127.0.0.1 via 10.7.0.1 dev eth1
                  sysctl -qw net.ipv4.conf.eth1.route_localnet=1; curl -sS -m 2 http://127.0.0.1:7777/";
    let output = ours(&host, "exec a sh -c").arg(attack).run();
    assert_eq!(output.ended, Ended::Exit(28), "{output:?}");
}

#[test]
fn a_port_is_given_once_and_not_taken_from_a_program() {
    require!(can_make_hosts(), ROOT);
    let host = world();
    done(ours(&host, "up a --addr=auto --publish=8080:80 --publish=127.0.0.1:53:53/udp"));
    let mut listener = Cmd::line(["python3", "-c", "import socket; s=socket.socket(); s.bind(('127.0.0.1', 9090)); s.listen(); print('ready', flush=True); input()"])
        .on(&host)
        .hold_input()
        .start();
    listener.expect("ready\n");
    let before = traces(&host);
    for (options, message) in [
        ("--publish=8080:81", "port 8080/tcp: is published for veth1 already"),
        ("--publish=192.0.2.1:8080:81", "port 8080/tcp: is published for veth1 already"),
        ("--publish=53:81/udp", "port 53/udp: is published for veth1 already"),
        ("--publish=127.0.0.1:9090:81", "port 127.0.0.1:9090/tcp: Address already in use"),
        ("--publish=9090:81", "port 0.0.0.0:9090/tcp: Address already in use"),
        ("--publish=198.51.100.1:81:81", "port 198.51.100.1:81/tcp: Cannot assign requested address"),
        ("--publish=0:81", "port '0:81': is not [IP:]HOST:PORT[/tcp|/udp]"),
        (
            "--publish=[::1]:81:81",
            "port '[::1]:81:81': cannot be at ::1: the kernel sends nothing from there elsewhere",
        ),
    ] {
        for verb in ["up b", "run"] {
            let next = if verb == "run" { " true" } else { "" };
            let line = format!("{verb} --addr=10.7.0.9/24 {options}{next}");
            assert_eq!(ours(&host, &line).run().fails("hc-netns", 125), message, "{line}");
            assert_eq!(traces(&host), before, "{line}");
        }
    }
    // The same number of the other protocol, and at another address, is another port.
    done(ours(&host, "up b --addr=auto --publish=8080:80/udp --publish=192.0.2.1:53:53/udp"));
    // Of many who want it at once one gets it.
    let running: Vec<_> = (0..8)
        .map(|number| ours(&host, &format!("up n{number} --addr=auto --publish=7070:80")).start())
        .collect();
    let outputs: Vec<_> = running.into_iter().map(Running::wait).collect();
    let made = outputs.iter().filter(|output| output.ended == Ended::Exit(0)).count();
    assert_eq!(made, 1, "{outputs:?}");
}

#[test]
fn what_others_have_in_the_packet_filter_stays() {
    require!(can_make_hosts(), ROOT);
    let host = world();
    let theirs = "table inet mine {\n\tchain input {\n\t\ttype filter hook input priority filter; policy accept;\n\
                  \t\ttcp dport 22 accept\n\t}\n}\n";
    sh(&host, &format!("nft -f - <<'END'\n{theirs}END"));
    assert_eq!(sh(&host, "nft list ruleset"), theirs);
    done(ours(&host, "up a --addr=auto --nat --publish=8080:80"));
    assert!(sh(&host, "nft list ruleset").starts_with(theirs));
    // nft can read what it shows of ours.
    sh(&host, "nft list ruleset >/tmp/rules.$$; nft -c -f /tmp/rules.$$; rm /tmp/rules.$$");
    // What is left when the namespace goes without us goes with the next one that is taken down.
    sh(&host, "ip netns delete a; hc-netns add b");
    eventually("the link is gone", || !sh(&host, "ip link").contains("veth1"));
    done(ours(&host, "down b"));
    assert_eq!(sh(&host, "nft list ruleset"), theirs);
}

#[test]
fn when_the_name_is_deleted_the_rules_go_with_the_link() {
    require!(can_make_hosts(), ROOT);
    let host = world();
    let before = traces(&host);
    done(ours(&host, "up a --addr=auto --nat --publish=8080:80"));
    done(ours(&host, "up b --addr=auto --nat"));
    let tables = || sh(&host, "nft list tables | wc -l");
    assert_eq!(tables(), "2\n");
    // Nobody is in there.
    done(ours(&host, "delete a"));
    eventually("its rules are gone", || tables() == "1\n");
    // Somebody is, and has its way out for as long as that goes on.
    let server = server(&host, "world", 80);
    let mut next = ours(&host, "exec b sh -c").arg("echo ready; exec cat").hold_input().start();
    next.expect("ready\n");
    let inside = Cmd::line(["nsenter", "-t", &next.pid().to_string(), "-n", "curl", "-sS", "-m", "3"]);
    done(ours(&host, "delete b"));
    let said = inside.arg("http://192.0.2.2/").on(&host).run().ok();
    assert_eq!(said.text(), "::ffff:192.0.2.1");
    assert_eq!(tables(), "1\n");
    next.write(b"", true);
    next.wait().ok();
    drop(server);
    eventually("the rules are gone", || traces(&host) == before);
}

#[test]
fn what_ip_has_left_goes_with_the_next_change() {
    require!(can_make_hosts(), ROOT);
    let host = world();
    done(ours(&host, "up a --addr=auto --nat --publish=8080:80"));
    done(ours(&host, "up b --addr=auto --nat"));
    sh(&host, "ip netns delete a");
    eventually("the link is gone", || !sh(&host, "ip link").contains("veth1@"));
    assert_eq!(sh(&host, "nft list tables | wc -l"), "2\n");
    done(ours(&host, "up c --addr=auto --nat"));
    // Those of b and c.
    assert_eq!(sh(&host, "nft list tables | wc -l"), "2\n");
    done(ours(&host, "down b c"));
    assert_eq!(sh(&host, "nft list ruleset"), "");
}

#[test]
fn the_rules_of_one_without_a_name_go_with_their_keeper_and_with_the_last_process() {
    require!(can_make_hosts(), ROOT);
    let host = world();
    let keeper = || {
        let shown =
            sh(&host, "ps -eo pid=,stat=,args= | grep '[h]c-netns run --addr=auto --nat --if=ekeep' || true");
        let line = shown.lines().find(|line| !line.contains(" Z")).unwrap_or_default().trim().to_owned();
        line.split(' ').next().unwrap_or_default().to_owned()
    };
    let line = "run --addr=auto --nat --if=ekeep -- sh -c";
    // NEXT leaves a process behind, which is in the namespace still: it has its way out until it ends.
    let script = "sleep 2 >/dev/null 2>&1 & echo ready; exec cat";
    let mut next = ours(&host, line).arg(script).hold_input().start();
    next.expect("ready\n");
    assert_eq!(sh(&host, "nft list ruleset | grep -c masquerade"), "2\n");
    next.write(b"", true);
    next.wait_for_it_alone();
    assert_eq!(sh(&host, "nft list ruleset | grep -c masquerade"), "2\n");
    eventually("the rules are gone", || sh(&host, "nft list ruleset").is_empty());
    eventually("the keeper is gone", || keeper().is_empty());
    // Killed, it takes them along.
    let mut next = ours(&host, line).arg("echo ready; exec cat").hold_input().start();
    next.expect("ready\n");
    sh(&host, &format!("kill -9 {}", keeper()));
    eventually("the rules are gone", || sh(&host, "nft list ruleset").is_empty());
    next.write(b"", true);
    next.wait().ok();
}
