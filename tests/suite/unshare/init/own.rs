//! --no-init: NEXT is process 1 itself, and is told and understood as one.

use super::Who;
use super::signals::{LISTENER, forwardable};
use crate::unshare::unshare;
use hc_tests::{Cmd, Ended, can_make_hosts, eventually, require, send, user_namespaces};

fn jail(who: Who) -> Cmd {
    who.starts(unshare(&["--jail", "--no-init"]))
}

fn can_run() -> bool {
    can_make_hosts() && user_namespaces()
}

/// Such as SIGRTMIN+3, by which systemd powers off.
#[test]
fn is_sent_every_signal_once() {
    require!(can_run(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        let mut running = jail(who).args(["perl", "-e", LISTENER]).start();
        running.expect("ready\n");
        let mut said = "ready\n".to_owned();
        // The three that stop a job stop it.
        let stops = [libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU];
        for signal in forwardable().into_iter().filter(|signal| !stops.contains(signal)) {
            send(running.pid(), signal);
            said = said + &signal.to_string() + "\n";
            running.expect(&said);
        }
        running.wait().ok().says(said).quiet();
    }
}

#[test]
fn stops_and_goes_on_with_its_parent() {
    require!(can_run(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        let mut running =
            jail(who).args(["sh", "-c", "echo ready; read line; echo got"]).hold_input().start();
        running.expect("ready\n");
        let next = running.descendants()[0];
        let is_stopped = |pid: i32| {
            std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|text| text.contains(") T "))
        };
        send(running.pid(), libc::SIGTSTP);
        eventually("both stand still", || is_stopped(running.pid()) && is_stopped(next));
        send(running.pid(), libc::SIGCONT);
        eventually("both go on", || !is_stopped(running.pid()) && !is_stopped(next));
        running.write(b"\n", true);
        running.wait().ok().says("ready\ngot\n").quiet();
    }
}

/// reboot(2) is 169; its commands are those of linux/reboot.h.
#[test]
fn powers_off_with_status_0() {
    require!(can_run(), "takes root, and user namespaces for others");
    let (power_off, halt, restart) = ("0x4321fedc", "0xcdef0123", "0x01234567");
    for who in Who::ALL {
        let line = |command: &str, option: &str| {
            let script = format!("syscall 169, 0xfee1dead, 672274793, {command}, 0; exit 7");
            jail(who).args([option, "--cap-add=sys_boot", "perl", "-e", &script]).run()
        };
        for command in [power_off, halt] {
            line(command, "--no-init").ok().says("").quiet();
        }
        assert_eq!(line(restart, "--no-init").ended, Ended::Signal(libc::SIGHUP), "{who:?}");
        // Without the right to, it goes on.
        let script = format!("syscall 169, 0xfee1dead, 672274793, {power_off}, 0; exit 7");
        jail(who).args(["perl", "-e", &script]).run().exits(7).says("").quiet();
    }
}

/// A NEXT that is no init by option ends as unshare(1) has it, and so does one without a PID namespace.
#[test]
fn only_an_init_powers_off() {
    require!(can_run(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        let script = "syscall 169, 0xfee1dead, 672274793, 0x4321fedc, 0; exit 7";
        let mut line = who.starts(unshare(&["-rpf", "perl", "-e", script])).run();
        assert_eq!(line.ended, Ended::Signal(libc::SIGINT), "{who:?}");
        line = who.starts(unshare(&["--no-init", "sh", "-c", "kill -INT $$"])).run();
        assert_eq!(line.ended, Ended::Signal(libc::SIGINT), "{who:?}");
    }
}
