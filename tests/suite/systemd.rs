//! The units in hc-systemd(7): what systemd reads in them, and what their command lines do.

mod booted;

use hc_tests::{Cmd, Dir, Host, can_make_hosts, docs, eventually, require};
use nix::sys::signal::Signal;

/// The blocks of the page, as they are to be typed.
fn blocks() -> Vec<String> {
    let page = docs::text("man/hc-systemd.7");
    let blocks = page.split(".Bd -literal -offset indent\n").skip(1);
    blocks.map(|block| block.split(".Ed").next().unwrap().replace("\\e", "\\")).collect()
}

/// The unit with this line in it.
fn unit(line: &str) -> String {
    let found: Vec<String> =
        blocks().into_iter().filter(|block| block.lines().any(|own| own == line)).collect();
    let [unit] = found.try_into().unwrap_or_else(|found| panic!("one unit with {line}: {found:?}"));
    unit
}

const WEB: &str = "Description=A web server in a container";
const TEMPLATE: &str = "Description=Container %i";
const SYSTEM: &str = "Description=An operating system in a container";
const READY: &str = "Type=notify";

/// What it executes, as a shell has it.
fn command(unit: &str) -> String {
    let line = unit.replace("\\\n", " ");
    line.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/bin/")).expect("ExecStart").to_owned()
}

#[test]
fn systemd_reads_every_line_of_the_units() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (host, dir) = (Host::new(), Dir::new());
    let program = hc_tests::tool("hc-run");
    Cmd::sh("cp \"$1\" /usr/bin/hc-run").arg("sh").arg(program).on(&host).run().ok().quiet();
    // Of a template an instance is verified.
    for (name, unit) in
        [("web", unit(WEB)), ("hc@box", unit(TEMPLATE)), ("os", unit(SYSTEM)), ("ready", unit(READY))]
    {
        let verify = |text: &str| {
            let file = dir.file(format!("{name}.service"), text);
            Cmd::line(["systemd-analyze", "verify", "--man=no"]).arg(file).on(&host).run()
        };
        verify(&unit).ok().quiet().says("");
        // It complains of what it does not know, and that is all it does.
        let wrong = unit.replace("KillMode=mixed", "KillMode=mixd");
        let complaint = String::from_utf8(verify(&wrong).stderr).unwrap();
        assert!(complaint.contains("Failed to parse kill mode"), "{name}: {complaint}");
    }
}

#[test]
fn the_web_server_serves_and_ends_when_it_is_told_to() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let host = Host::new();
    Cmd::sh("mkdir -p /srv; echo 'Hello, web!' >/srv/index.html").on(&host).run().ok();
    let mounts = host.mounts();
    let mut service = Cmd::sh(format!("exec {}", command(&unit(WEB)))).on(&host).start();
    eventually("it serves", || {
        let page = Cmd::line(["curl", "-s", "http://127.0.0.1:8080/"]).on(&host).run();
        assert!(!service.has_ended(), "the service has ended");
        page.stdout == b"Hello, web!\n"
    });
    // KillMode=mixed: the first process alone is told to.
    let inside = service.descendants();
    assert!(!inside.is_empty());
    service.signal(Signal::SIGTERM);
    service.wait().exits(143).quiet();
    eventually("all of it has ended", || {
        inside.iter().all(|pid| !std::path::Path::new(&format!("/proc/{pid}")).exists())
    });
    assert_eq!(host.mounts(), mounts);
}

#[test]
fn a_program_in_a_container_tells_that_it_is_ready() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let host = Host::new();
    // Behind READY=1 there comes a descriptor, and who has sent that waits until we have dropped it.
    let listen = "use IO::Socket::UNIX; use Socket; $| = 1; mkdir '/run/systemd';
        my $socket = IO::Socket::UNIX->new(Local => '/run/systemd/notify', Type => SOCK_DGRAM) or die $!;
        chmod 0777, '/run/systemd/notify'; print qq(listens\\n);
        while (defined $socket->recv(my $said, 4096)) { print qq($said\\n) }";
    let mut manager = Cmd::line(["perl", "-e", listen]).on(&host).start();
    manager.expect("listens\n");
    let service =
        Cmd::sh(format!("exec {}", command(&unit(READY)))).env("NOTIFY_SOCKET", "/run/systemd/notify");
    let mut service = service.on(&host).start();
    manager.expect("listens\nREADY=1\nBARRIER=1\n");
    assert!(!service.has_ended(), "the service has ended");
    service.signal(Signal::SIGTERM);
    service.wait().exits(143).quiet();
}
