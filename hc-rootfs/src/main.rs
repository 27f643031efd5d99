//! hc-rootfs: copy a program and all it needs into a directory. See hc-rootfs(1).
#![cfg_attr(not(test), no_main)]

#[cfg(test)]
mod chance;
mod copy;
mod data;
mod dlopen;
mod elf;
mod host;
mod ldcache;
mod loader;
mod locale;
mod nss;
mod options;
mod programs;
mod resolver;
mod script;
mod skeleton;
mod tokens;
mod written;

use hc::{Environ, Result, Status};
use host::Host;
use options::Plan;

hc::tool!("hc-rootfs", run);

/// Nothing is written before everything that the programs need is found.
fn run(args: hc::Args) -> Result<Status> {
    let Plan { verbose, how, extras, locales, directory, programs, next } = options::parse(args)?;
    let env = Environ::inherited();
    let host = Host::default();
    let closure = programs::closure(&programs, &locales, extras, &host, &env)?;
    let wares = host.wares(&closure.files)?;
    let rootfs = copy::fill(&directory, wares, how, &|root| written::cache(&closure, &host, root))?;
    // Only now: whoever closes standard error early ends this process, but not half-way.
    for file in rootfs.copied.iter().filter(|_| verbose) {
        hc::note("hc-rootfs", &format!("copied {}", hc::show(file)));
    }
    for absent in closure.absent.iter().filter(|_| verbose) {
        hc::note("hc-rootfs", &absent.to_string());
    }
    for note in data::notes(&closure, &rootfs, &directory) {
        hc::note("hc-rootfs", &note);
    }
    let Some(argv) = next else { return Ok(Status::SUCCESS) };
    let error = hc::exec(&argv, &env);
    rootfs.undo();
    Err(error)
}
