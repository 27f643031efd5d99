//! How long is waited, here.

use std::sync::OnceLock;
use std::time::Duration;

/// `limit`, which is meant for an ordinary machine, or as many times that as `HC_TEST_PATIENCE` says: on one that is
/// emulated all takes longer.
pub fn patience(limit: Duration) -> Duration {
    static TIMES: OnceLock<u32> = OnceLock::new();
    limit
        * *TIMES.get_or_init(|| match std::env::var("HC_TEST_PATIENCE") {
            Ok(times) => times.parse().expect("HC_TEST_PATIENCE: a number"),
            Err(_) => 1,
        })
}
