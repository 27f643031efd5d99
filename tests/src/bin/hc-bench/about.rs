//! The machine, and which programs were measured, as far as they decide about times.

use std::fmt::Write;
use std::process::Command;

/// Debian's packages of the programs of others.
const PACKAGES: &str = "bridge-utils bubblewrap coreutils crun dracut-core ffmpeg iproute2 jailkit libc6 libtree pax-utils \
                        python3-minimal runc systemd-container util-linux";

pub(crate) fn text() -> String {
    let processor = said("sh", &["-c", "sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1"]);
    let memory = said("sh", &["-c", "awk '/^MemTotal/ { printf \"%.0f GiB\", $2 / 1048576 }' /proc/meminfo"]);
    let (kernel, count, date) = (said("uname", &["-srm"]), said("nproc", &[]), said("date", &["-u", "+%F"]));
    let is_virtual = said("systemd-detect-virt", &["--vm"]);
    let compilers =
        [said("rustc", &["--version"]), said("sh", &["-c", "cc --version | head -n 1"])].join("; ");
    let mut text = format!(
        "{date}. {kernel}; {count} processors ({processor}), {memory}; virtual machine: {is_virtual}. {compilers}.\n\
         Of Debian:"
    );
    for package in PACKAGES.split_whitespace() {
        let version = said("dpkg-query", &["-W", "-f=${Version}", package]);
        let version = if version.is_empty() { "not installed" } else { &version };
        write!(text, " {package} {version},").expect("a string");
    }
    text.pop();
    text + ".\nTimes are medians of whole processes (10th to 90th percentile).\n"
}

/// What a program prints, or nothing.
fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map_or_else(|_| String::new(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
