//! hc-rootfs: copy a program and all it needs into a directory. See hc-rootfs(1).
#![cfg_attr(not(test), no_main)]

#[cfg(test)]
mod chance;
mod copy;
mod data;
mod dlopen;
mod elf;
mod etc;
mod extra;
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
mod sysroot;
mod tokens;
mod written;

use copy::Goods;
use hc::{Environ, Result, Status};
use host::Host;
use options::{Plan, Source};
use resolver::CACHE;
use std::path::Path;
use sysroot::Sysroot;

hc::tool!("hc-rootfs", run);

/// Nothing is written before everything that the programs need is found.
fn run(args: hc::Args) -> Result<Status> {
    let plan = options::parse(args)?;
    let Plan { verbose, how, extras, locales, files, etc, directory, programs, next, .. } = plan;
    let Source { sysroot, library_path } = plan.source;
    let env = Environ::inherited();
    let host = Host::new(Sysroot::open(sysroot.as_deref())?, &library_path)?;
    let mut closure = programs::closure(&programs, &locales, extras, &host, &env)?;
    let extra = extra::collect(&files, &directory, &host, &mut closure)?;
    let mut wares = host.wares(&closure.files)?;
    wares.extend(extra.wares);
    let texts = if etc { etc::texts() } else { Vec::new() };
    // A cache that was asked for is taken as it is.
    let asked_for = wares.iter().any(|ware| ware.name == Path::new(CACHE));
    let late = |root: &copy::Root| if asked_for { Ok(None) } else { written::cache(&closure, &host, root) };
    let goods = Goods { sysroot: host.sysroot.clone(), wares, ways: extra.ways, texts };
    let rootfs = copy::fill(&directory, goods, how, &late)?;
    // Only now: whoever closes standard error early ends this process, but not half-way.
    for file in rootfs.copied.iter().filter(|_| verbose) {
        hc::note("hc-rootfs", &format!("copied {}", hc::show(file)));
    }
    for absent in closure.absent.iter().filter(|_| verbose) {
        hc::note("hc-rootfs", &host.sysroot.about(absent));
    }
    for program in closure.needing_proc.iter().filter(|_| verbose) {
        let (program, directory) = (hc::show(program), hc::show(&directory));
        let note = format!("{program} uses $ORIGIN: /proc must be mounted in {directory}");
        hc::note("hc-rootfs", &host.sysroot.about(note));
    }
    for note in data::notes(&closure, &host, &rootfs, &directory) {
        hc::note("hc-rootfs", &note);
    }
    let holds = |note: &&extra::Note| note.unless.as_ref().is_none_or(|path| !rootfs.has(path));
    for note in extra.notes.iter().filter(holds) {
        hc::note("hc-rootfs", &host.sysroot.about(&note.text));
    }
    let Some(argv) = next else { return Ok(Status::SUCCESS) };
    let error = hc::exec(&argv, &env);
    rootfs.undo();
    Err(error)
}
