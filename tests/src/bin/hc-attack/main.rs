//! hc-attack: one way out of a container, tried. It prints `works`, or the call that was refused and its errno.
//!
//! What it tries does no harm where it works: what is written is what was there, what is made goes with the process.
//! Status 0 is `works`, 1 that it was refused, 2 that the words mean nothing.
//!
//! Three verbs are no attacks, but what goes before one: `secret` prints where its secret is in memory and waits for
//! the end of its input, `handle-of FILE` prints the handle of a file, `with-key NEXT` has a key in its session keyring.
#![allow(clippy::print_stdout)]

mod devices;
mod files;
mod kernel;
mod keys;
mod processes;
mod sys;
mod terminal;
mod way_out;

use nix::errno::Errno;
use std::process::ExitCode;

/// The call that was refused, and how.
struct Refused {
    call: &'static str,
    errno: Errno,
}

/// What came of it.
type Attempt = Result<(), Refused>;

/// Says which call an errno is of.
trait Of<T> {
    fn of(self, call: &'static str) -> Result<T, Refused>;
}

impl<T> Of<T> for nix::Result<T> {
    fn of(self, call: &'static str) -> Result<T, Refused> {
        self.map_err(|errno| Refused { call, errno })
    }
}

impl<T> Of<T> for std::io::Result<T> {
    fn of(self, call: &'static str) -> Result<T, Refused> {
        self.map_err(|error| Refused { call, errno: Errno::from_raw(error.raw_os_error().unwrap_or(0)) })
    }
}

fn main() -> ExitCode {
    // The words are the tests' own.
    #[allow(clippy::disallowed_methods)]
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let Some(attempt) = attempt(&words) else { return ExitCode::from(2) };
    match attempt {
        Ok(()) => {
            println!("works");
            ExitCode::SUCCESS
        }
        Err(Refused { call, errno }) => {
            println!("{call}: {errno:?}");
            ExitCode::FAILURE
        }
    }
}

fn attempt(words: &[&str]) -> Option<Attempt> {
    Some(match words {
        ["chroot", file] => way_out::by_second_chroot(file),
        ["fchdir", descriptor, file] => way_out::by_descriptor(descriptor.parse().ok()?, file),
        ["setns", file] => way_out::by_mount_namespace_of_process_1(file),
        ["climb", file] => way_out::by_working_directory(file),
        ["read", file] => files::read(file),
        ["write", file] => files::write_what_it_says(file),
        ["write", file, text] => files::write(file, text.as_bytes()),
        ["sysfs", file] => files::write_in_new_sysfs(file),
        ["create", file] => files::create(file),
        ["handle", kind, bytes] => files::by_handle(kind.parse().ok()?, bytes),
        ["handle-of", file] => return files::print_handle(file),
        ["mount", kind, options] => files::mount_new(kind, options),
        ["release-agent", hierarchy] => files::release_agent(hierarchy),
        ["ptrace", process] => processes::trace(process.parse().ok()?),
        ["vm-read", process, address] => processes::read(process.parse().ok()?, address.parse().ok()?),
        ["secret"] => processes::keep_secret(),
        ["setuid"] => processes::became_root(),
        ["socket", name] => processes::connect(name),
        ["device", kind, major, minor] => {
            devices::make_and_open(kind, major.parse().ok()?, minor.parse().ok()?)
        }
        ["tiocsti"] => terminal::type_into(0),
        ["tiocsti-high"] => terminal::type_into(1 << 32),
        ["tioclinux"] => terminal::ask_console(None),
        ["tioclinux", "tty1"] => terminal::ask_console(Some((4, 1))),
        ["with-key", next @ ..] => keys::with_key(next),
        ["key"] => keys::read(),
        ["user-namespace", "unshare"] => kernel::user_namespace_by_unshare(),
        ["user-namespace", "clone"] => kernel::user_namespace_by_clone(),
        ["user-namespace", "clone3"] => kernel::user_namespace_by_clone3(),
        [call] => kernel::call(call)?,
        _ => return None,
    })
}
