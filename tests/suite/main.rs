//! The integration tests: what the tools promise in their pages, asked of the kernel and of the original tools.

// As in the harness: a test fails by panicking.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod cgroup;
mod cluster;
mod completions;
mod contract;
mod docs;
mod env;
mod example;
mod images;
mod netns;
mod package;
mod rootfs;
mod run;
mod systemd;
mod unshare;
