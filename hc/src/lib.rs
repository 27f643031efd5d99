//! The chain contract of hc(7), in one place.
//!
//! Every tool of the set is `tool [options] [operands] [--] NEXT [ARG]...`: it does one step and then
//! *becomes* NEXT. What that asks of each of them alike lives here, and nothing else does:
//!
//! * [`tool!`] and [`start()`]: the entry point, which leaves the inherited state as it is,
//! * [`Args`] and [`Opt`]: options up to the first operand, as getopt_long(3) reads them, over byte strings,
//! * [`Error`], [`Result`], [`Context`], [`Status`], [`Manner`], [`reason`]: one line on standard error and an exit
//!   status,
//! * [`Environ`]: the environment block, byte for byte,
//! * [`exec()`], [`exec_as`] and [`find_program`]: NEXT, searched for as execvp(3) does, and the reason when it
//!   does not start ([`Refused`]),
//! * [`child`]: the parent of NEXT that stays, where a tool has one: it stops and goes on with it, and ends as it ends,
//! * [`print()`], [`complain`] and [`note`]: the standard streams with their errors noticed, and a word to the user,
//! * [`show()`]: hostile names made printable,
//! * [`signame`]: names of signals.
//!
//! Admission rule: what three tools use, or what is part of the contract; of arguments, environment and exec also what
//! one drop-in needs, for these are not to be written twice.

mod args;
pub mod child;
mod diagnose;
mod environ;
mod error;
mod exec;
mod find;
mod output;
mod show;
pub mod signame;
mod start;
mod sys;

pub use args::{Args, Opt};
pub use environ::Environ;
pub use error::{Context, Error, Manner, Result, Status, reason};
pub use exec::{exec, exec_as};
pub use find::{Refused, candidates, find_program};
pub use output::{complain, note, print};
pub use show::show;
pub use start::start;
