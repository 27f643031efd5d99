//! Files that are others by the time they are copied, or to others.

use super::{library, program, rootfs};
use hc_tests::{Cmd, Dir, eventually};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;

#[test]
fn what_changes_while_it_is_copied_is_not_taken() {
    let dir = Dir::new();
    let program = dir.program("p", "#!/bin/sh\n");
    let before = dir.listing().len();
    let inject = "inject=copy_file_range:signal=SIGSTOP:when=1";
    let log = dir.join("strace");
    let strace = ["-qq", "-o", "strace", "-e", "trace=copy_file_range", "-e", inject];
    let tool = hc_tests::tool("hc-rootfs");
    let mut running = Cmd::new("strace").args(strace).arg(tool).args(["box", "./p"]).dir(dir.path()).start();
    eventually("it has begun to copy", || {
        fs::read_to_string(&log).is_ok_and(|text| text.contains("stopped by SIGSTOP"))
    });
    dir.program("p", "#!/bin/cat\n");
    // It may not have come to its stop yet.
    eventually("it has ended", || {
        for pid in running.descendants() {
            let _ = kill(Pid::from_raw(pid), Signal::SIGCONT);
        }
        running.has_ended()
    });
    let message = running.wait().fails("hc-rootfs", 125);
    assert_eq!(message, format!("{}: was changed while it was copied", program.display()));
    fs::remove_file(log).unwrap();
    assert_eq!(dir.listing().len(), before, "nothing is left");
}

#[test]
fn what_changes_after_it_was_looked_into_is_not_taken() {
    let dir = Dir::new();
    library(&dir, "libp.so", "", "");
    program(&dir, "p", "libp.so", &format!("-Wl,-rpath,{}", dir.path().display()));
    for name in ["p", "libp.so"] {
        let (file, log) = (dir.join(name), dir.join("strace"));
        let strace =
            ["-o", "strace", "-P", file.to_str().unwrap(), "-e", "inject=openat:signal=SIGSTOP:when=1"];
        let tool = hc_tests::tool("hc-rootfs");
        let mut running =
            Cmd::new("strace").args(strace).arg(tool).args(["box", "./p"]).dir(dir.path()).start();
        eventually("it has opened it", || {
            fs::read_to_string(&log).is_ok_and(|text| text.contains("stopped by SIGSTOP"))
        });
        // Another file under the same name.
        fs::copy(&file, dir.join("new")).unwrap();
        fs::rename(dir.join("new"), &file).unwrap();
        eventually("it has ended", || {
            for pid in running.descendants() {
                let _ = kill(Pid::from_raw(pid), Signal::SIGCONT);
            }
            running.has_ended()
        });
        let message = running.wait().fails("hc-rootfs", 125);
        assert_eq!(message, format!("{}: was changed while it was looked at", file.display()));
        assert!(!dir.join("box").exists());
        fs::remove_file(log).unwrap();
    }
}

#[test]
fn a_link_that_the_kernel_makes_for_each_process_is_refused() {
    let dir = Dir::new();
    let root = format!("/proc/{}/root", std::process::id());
    for (name, link) in [
        (format!("{root}/bin/echo"), root.as_str()),
        ("/proc/self/root/bin/echo".to_owned(), "/proc/self"),
        ("/proc/thread-self/exe".to_owned(), "/proc/thread-self"),
        ("/dev/fd/9".to_owned(), "/proc/self"),
    ] {
        let why = "which the kernel makes anew for each process";
        let program = fs::File::open("/bin/echo").unwrap();
        let output = rootfs(&dir).arg(&name).passing(program, 9).run();
        let message = output.fails("hc-rootfs", 125);
        assert_eq!(message, format!("{name}: its way leads over {link}, {why}"));
        assert!(!dir.join("box").exists());
    }
}
