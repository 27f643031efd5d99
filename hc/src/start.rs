//! From the C entry point to a tool's `run`, and from its error to the exit status.

use crate::args::Args;
use crate::error::{Manner, Result, Status};
use crate::{output, sys};
use std::os::raw::{c_char, c_int};

/// Defines the entry point of a tool: its name, `fn run(args: hc::Args) -> hc::Result<hc::Status>`, and, unless it is
/// [`Manner::Hc`], the manner in which it fails.
///
/// The program's `main.rs` says `#![cfg_attr(not(test), no_main)]`: the C library calls this `main`, and
/// Rust's own start-up does not run. That one ignores SIGPIPE and opens /dev/null on closed descriptors 0
/// to 2, both of which NEXT would inherit (contract 3), and it costs 18 system calls.
#[macro_export]
macro_rules! tool {
    ($name:literal, $run:path) => {
        $crate::tool!($name, $run, $crate::Manner::Hc);
    };
    ($name:literal, $run:path, $manner:expr) => {
        /// Called by the C library.
        ///
        /// # Safety
        /// The arguments are those of a C `main`.
        #[cfg(not(test))]
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn main(
            _count: ::std::os::raw::c_int,
            argv: *const *const ::std::os::raw::c_char,
        ) -> ::std::os::raw::c_int {
            // SAFETY: argv is the C library's own.
            unsafe { $crate::start($name, argv, $run, $manner) }
        }

        // Unit tests have an entry point of their own.
        #[cfg(test)]
        const _: fn($crate::Args) -> $crate::Result<$crate::Status> = $run;
    };
}

/// Runs `run` for the tool called `name`: what the `main` that [`crate::tool!`] defines does. Prints the error or
/// the answer that comes back, and returns the exit status. A tool that became NEXT never gets there.
///
/// # Safety
/// `argv` is what the C library gave to `main`.
#[allow(unsafe_code)]
pub unsafe fn start(
    name: &str,
    argv: *const *const c_char,
    run: fn(Args) -> Result<Status>,
    manner: Manner,
) -> c_int {
    sys::reserve_closed();
    // SAFETY: as the caller promises.
    let arguments = unsafe { sys::arguments(argv) };
    let ended = match run(Args::new(arguments)) {
        // An answer that cannot be written is a failure like any other.
        Err(error) if error.is_answer() => {
            output::print(error.render(name, manner).as_bytes()).map(|()| error.status())
        }
        ended => ended,
    };
    let status = ended.unwrap_or_else(|error| {
        let said = output::complain(error.render(name, manner).as_bytes());
        if said.is_err() && manner == Manner::Coreutils { Status::FAILED } else { error.status() }
    });
    c_int::from(status.0)
}
