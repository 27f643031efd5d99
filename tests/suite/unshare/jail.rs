//! --jail: what is in it, who is in it, and that nobody gets out.

mod escape;
mod ids;
mod killed;
mod memory;
mod parts;
mod planted;

use super::{Root, Who, cell, unshare};
use hc_tests::Cmd;

/// `hc-unshare --jail -R ROOT OPTIONS`.
#[track_caller]
fn jail(root: &Root, options: &[&str]) -> Cmd {
    unshare(&["--jail"]).arg(root.option("--root")).args(options)
}
