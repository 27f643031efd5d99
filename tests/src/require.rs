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
    let name = std::thread::current().name().map_or_else(|| test.to_owned(), str::to_owned);
    let strict = std::env::var_os("HC_TEST_STRICT").is_some_and(|value| value != "0" && !value.is_empty());
    assert!(!strict, "cannot run here, and HC_TEST_STRICT is set: {reason}");
    // Straight to the terminal: what a passing test prints is not shown. One write, so it stays one line.
    let line = format!("skipped {name}: {reason}\n");
    let _ = crate::sys::stderr().write_all(line.as_bytes());
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
