//! The harness of the integration tests.
//!
//! * [`Cmd`] runs a program with everything it inherits under control, as root or as another user, with a time
//!   limit; [`Output`] is what came of it, and how a test says what it expected.
//! * [`Dir`] is a directory for one test, [`Host`] a machine for one: mounts, network and names of its own.
//! * [`View`] is what the kernel says about a process, as the program `hc-probe` printed it.
//! * [`attack`] is the program `hc-attack`, which tries ways out of a container.
//! * [`compare`] runs one command line under an original tool and under ours.
//! * [`strace`] kills a tool at each of its system calls.
//! * [`docs`] reads manual pages, help texts and parsers.
//! * [`require!`](crate::require!) skips a test that cannot run here, and says so.
//!
//! The tools are built when they are first asked for, or taken from `HC_BIN_DIR`.

// A harness fails by panicking: that is how a test tells what went wrong, and where.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::panic,
    clippy::return_self_not_must_use,
    clippy::unwrap_used
)]

mod base;
mod binaries;
mod command;
pub mod compare;
mod debian;
mod dir;
pub mod docs;
mod host;
mod output;
mod patience;
mod require;
mod running;
pub mod strace;
mod sys;
mod view;

pub use binaries::{attack, bin_dir, make, probe, release, release_directory, tool};
pub use command::{Cmd, NOBODY, find};
pub use debian::debian;
pub use dir::Dir;
pub use host::Host;
pub use output::{Ended, Output};
pub use patience::patience;
pub use require::{
    can_make_hosts, is_asked_for, is_kernel, is_root, is_systemd_s, lacks, skip, user_namespaces,
};
pub use running::{Running, eventually, meanwhile};
pub use sys::send;
pub use view::View;
