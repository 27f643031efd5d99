//! Tests that cannot run here: said, never silent.

use std::io::Write;

/// Ends a test that cannot run here, with the reason on the terminal; a failure when `HC_TEST_STRICT=1`.
///
/// `require!(hc_tests::is_root(), "a file of another user is needed");`
#[macro_export]
macro_rules! require {
    ($condition:expr, $reason:expr) => {
        if !$condition {
            $crate::skip(module_path!(), $reason);
            return;
        }
    };
}

/// What [`require!`](crate::require!) does when the condition does not hold.
pub fn skip(test: &str, reason: &str) {
    let strict = std::env::var_os("HC_TEST_STRICT").is_some_and(|value| value != "0" && !value.is_empty());
    assert!(!strict, "cannot run here, and HC_TEST_STRICT is set: {reason}");
    say_skipped(test, reason);
}

fn say_skipped(test: &str, reason: &str) {
    let name = std::thread::current().name().map_or_else(|| test.to_owned(), str::to_owned);
    // Straight to the terminal: what a passing test prints is not shown. One write, so it stays one line.
    let line = format!("skipped {name}: {reason}\n");
    let _ = crate::sys::stderr().write_all(line.as_bytes());
}

/// Ends a test of what this kernel is too old for: said in the same words, and no failure when `HC_TEST_STRICT=1`, for
/// nothing can be done about it but to run it elsewhere as well.
///
/// `require_kernel!((6, 3), "a tmpfs is to be mounted with other ids");`
#[macro_export]
macro_rules! require_kernel {
    ($version:expr, $reason:expr) => {
        if !$crate::is_kernel($version) {
            $crate::lacks(module_path!(), $version, $reason);
            return;
        }
    };
}

/// True where the kernel is of this version or later.
pub fn is_kernel(wanted: (u32, u32)) -> bool {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").expect("the kernel's version");
    version(&release).expect("the kernel's version") >= wanted
}

fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers =
        release.trim_end().split(|byte: char| !byte.is_ascii_digit()).map(|word| word.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

/// What [`require_kernel!`](crate::require_kernel!) does when the kernel is older.
pub fn lacks(test: &str, (major, minor): (u32, u32), reason: &str) {
    say_skipped(test, &format!("takes Linux {major}.{minor}: {reason}"));
}

/// Ends a test that takes systemd as process 1 of the machine, and one that is for nothing else: `make test-vm-systemd` boots it.
/// Elsewhere that is said in the same words, and no failure when `HC_TEST_STRICT=1`.
///
/// `require_systemd!();`
#[macro_export]
macro_rules! require_systemd {
    () => {
        if !$crate::is_systemd_s(module_path!()) {
            return;
        }
    };
}

/// Ends a test that takes the machine for itself, for a minute and more, unless `make test-cluster` runs it; said as with
/// [`require_systemd!`](crate::require_systemd!).
///
/// `require_quiet!();`
#[macro_export]
macro_rules! require_quiet {
    () => {
        if !$crate::is_asked_for(
            module_path!(),
            "HC_TEST_CLUSTER",
            "takes a quiet machine: make test-cluster",
        ) {
            return;
        }
    };
}

/// Whether a target of make(1) has set the variable with which it runs tests that it is for; else that is said.
pub fn is_asked_for(test: &str, variable: &str, reason: &str) -> bool {
    let is_set = std::env::var_os(variable).is_some_and(|value| !value.is_empty());
    if !is_set {
        say_skipped(test, reason);
    }
    is_set
}

/// What [`require_systemd!`](crate::require_systemd!) asks.
pub fn is_systemd_s(test: &str) -> bool {
    let reason = "takes a machine whose process 1 is systemd: make test-vm-systemd";
    if !is_asked_for(test, "HC_TEST_SYSTEMD", reason) {
        return false;
    }
    let name = std::fs::read_to_string("/proc/1/comm").expect("the name of process 1");
    assert_eq!(name, "systemd\n", "process 1, and HC_TEST_SYSTEMD is set");
    true
}

/// True for root, who can do things as any user.
pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// True for root who may mount things and make namespaces, which most tests need. In a container root may not.
pub fn can_make_hosts() -> bool {
    static ALLOWED: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    *ALLOWED.get_or_init(|| {
        is_root() && crate::Cmd::new("unshare").args(["-mnui", "true"]).run().ended == crate::Ended::Exit(0)
    })
}

/// True where an ordinary user may make user namespaces.
pub fn user_namespaces() -> bool {
    static ALLOWED: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    *ALLOWED.get_or_init(|| {
        let mut probe = crate::Cmd::new("unshare").args(["-r", "true"]);
        if is_root() {
            probe = probe.user(crate::NOBODY);
        }
        probe.run().ended == crate::Ended::Exit(0)
    })
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn a_release_begins_with_its_version() {
        assert_eq!(version("6.1.0-56-cloud-amd64\n"), Some((6, 1)));
        assert_eq!(version("6.18.44-x"), Some((6, 18)));
        assert_eq!(version("7.0-rc1"), Some((7, 0)));
        assert_eq!(version("x"), None);
    }
}
