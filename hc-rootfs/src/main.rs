//! hc-rootfs: copy a program and all it needs into a directory. See hc-rootfs(1).
#![cfg_attr(not(test), no_main)]

#[cfg(test)]
mod chance;
mod copy;
mod data;
mod dlopen;
mod elf;
mod errno;
mod etc;
mod extra;
mod host;
mod ldcache;
mod loader;
mod locale;
mod nss;
mod options;
mod programs;
mod report;
mod resolver;
mod room;
mod script;
mod skeleton;
mod sysroot;
mod tokens;
mod written;

use copy::Goods;
use hc::{Environ, Result, Status};
use host::Host;
use options::{Form, Plan, Source, Task};
use resolver::CACHE;
use std::path::Path;
use sysroot::Sysroot;

hc::tool!("hc-rootfs", run);

/// Nothing is written before everything that the programs need is found.
fn run(args: hc::Args) -> Result<Status> {
    let plan = options::parse(args)?;
    let Plan { verbose, task, how, extras, locales, files, etc, programs, next, .. } = plan;
    let Source { sysroot, library_path } = plan.source;
    let env = Environ::inherited();
    let host = Host::new(Sysroot::open(sysroot.as_deref())?, &library_path)?;
    let mut closure = programs::closure(&programs, &locales, extras, &host, &env)?;
    let mut extra = extra::collect(&files, task.directory(), &host, &mut closure)?;
    let (wares, ways) = extra.goods(&closure.files, &host)?;
    let texts = if etc { etc::texts() } else { Vec::new() };
    // A cache that was asked for is taken as it is.
    let asked_for = wares.iter().any(|ware| ware.name == Path::new(CACHE));
    let late =
        |root: Option<&copy::Root>| if asked_for { Ok(None) } else { written::cache(&closure, &host, root) };
    let goods = Goods { sysroot: host.sysroot.clone(), wares, ways, texts };
    let absent = closure.absent.iter().filter(|_| verbose).map(|absent| host.sysroot.about(absent));
    let directory = match task {
        Task::Copy(directory) => directory,
        Task::Try(directory) => {
            report::lines(&copy::missing_files(&directory, &goods, how, &late)?)?;
            tell(absent);
            return Ok(Status::SUCCESS);
        }
        Task::Print(form) => {
            report::print(form, &closure, &goods, &host, &env)?;
            tell(absent);
            let listed = matches!(form, Form::List { .. }) && !asked_for;
            tell(data::unlisted_cache(&closure).filter(|_| listed));
            let is_listed = |path: &Path| host.way(path).is_ok_and(|(_, real)| goods.reach(&real));
            let holds = |note: &&extra::Note| !note.unless.as_ref().is_some_and(|path| is_listed(path));
            tell(extra.notes.iter().filter(holds).map(|note| note.text.clone()));
            return Ok(Status::SUCCESS);
        }
    };
    let rootfs = copy::fill(&directory, goods, how, &late)?;
    // Only now: whoever closes standard error early ends this process, but not half-way.
    tell(rootfs.copied.iter().filter(|_| verbose).map(|file| format!("copied {}", hc::show(file))));
    tell(absent);
    tell(closure.needing_proc.iter().filter(|_| verbose).map(|program| {
        let (program, directory) = (hc::show(program), hc::show(&directory));
        host.sysroot.about(format!("{program} uses $ORIGIN: /proc must be mounted in {directory}"))
    }));
    tell(data::notes(&closure, &host, &rootfs, &directory));
    let holds = |note: &&extra::Note| note.unless.as_ref().is_none_or(|path| !rootfs.has(path));
    tell(extra.notes.iter().filter(holds).map(|note| host.sysroot.about(&note.text)));
    let Some(argv) = next else { return Ok(Status::SUCCESS) };
    let error = hc::exec(&argv, &env);
    rootfs.undo();
    Err(error)
}

fn tell(notes: impl IntoIterator<Item = String>) {
    notes.into_iter().for_each(|note| hc::note("hc-rootfs", &note));
}
