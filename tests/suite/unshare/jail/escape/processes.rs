//! Processes and sockets of the host's, and programs that make more of who starts them.

use super::{Attack, cell};
use crate::unshare::newer::host_with_subids;
use hc_tests::{Cmd, Running, can_make_hosts, require, user_namespaces};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener};

/// A process of the same user's on the host, and where its secret is.
fn victim(who: fn(Cmd) -> Cmd) -> (Running, String) {
    let mut running = who(Cmd::new(hc_tests::attack()).arg("secret")).hold_input().start();
    running.expect("\n");
    let address = running.said().trim().strip_prefix("at ").unwrap().to_owned();
    (running, address)
}

/// A user who is in a user namespace of his own has no privilege over his processes outside, not even without a PID
/// namespace: the kernel forbids it.
#[test]
fn are_not_traced_and_not_read() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let cell = cell();
    let (running, address) = victim(Cmd::as_nobody);
    let process = running.pid().to_string();
    Attack::new(&cell, &["ptrace", &process])
        .naive("-fium --mount-proc", "-rfium")
        .leads("works", "ptrace: EPERM")
        .closed_by("ptrace: ESRCH");
    Attack::new(&cell, &["vm-read", &process, &address])
        .naive("-fium --mount-proc", "-rfium")
        .leads("works", "process_vm_readv: EPERM")
        .closed_by("process_vm_readv: ESRCH");
}

/// A socket without a file is one of the network namespace, of which the post's line (without ip-netns(8)) makes none.
#[test]
fn listen_on_no_abstract_socket_that_is_in_reach() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let cell = cell();
    let name = format!("hc-tests-{}", std::process::id());
    let _listener = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
    Attack::new(&cell, &["socket", &name]).leads("works", "works").closed_by("connect: ECONNREFUSED");
}

/// A program of root's in the root directory, with the set-user-ID bit, that a user of the jail starts.
#[test]
fn become_no_root_by_a_program_of_root_s() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let cell = cell();
    let program = cell.dir.program(cell.path().join("su"), std::fs::read(hc_tests::attack()).unwrap());
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o6755)).unwrap();
    let line = |words: &[&str], tool: &str| {
        Cmd::line([tool])
            .args(words)
            .args(["-S", "1000", "-G", "1000"])
            .arg(cell.option("--root"))
            .args(["/su", "setuid"])
    };
    let tool = hc_tests::tool("hc-unshare").display().to_string();
    assert_eq!(super::heard(line(&["-fpium", "--mount-proc"], "unshare")), "works");
    assert_eq!(super::heard(line(&["--jail"], &tool)), "setuid: EPERM");
    // A user, who needs subordinate ids to be more than one inside: his own program, as he is root inside.
    std::os::unix::fs::chown(&program, Some(65534), Some(65534)).unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o6755)).unwrap();
    let host = host_with_subids();
    let line = |words: &[&str], tool: &str| line(words, tool).as_nobody().on(&host);
    let naive = ["-r", "--map-auto", "-fpium", "--mount-proc"];
    // unshare(1) of util-linux 2.38 does not have it right with -r and --map-auto: ours in its place.
    assert_eq!(super::heard(line(&naive, &tool)), "works");
    assert_eq!(super::heard(line(&["--jail"], &tool)), "setuid: EPERM");
}
