//! hc-env: run a program in a changed environment. See hc-env(1).
#![cfg_attr(not(test), no_main)]

mod dispositions;
mod envfile;
mod environment;
mod execute;
mod glob;
mod input;
mod locale;
mod options;
mod quote;
mod scrub;
mod signals;
mod sources;
mod split;
mod sys;
mod trace;
mod values;

use environment::Start;
use hc::{Environ, Result, Status};
use options::{Action, Execution, Plan};
use trace::Trace;

hc::tool!("hc-env", run, hc::Manner::Coreutils);

/// Ends by becoming the program, if one is named; what comes back then is why it could not.
fn run(args: hc::Args) -> Result<Status> {
    let mut trace = Trace::default();
    let ended = stages(args, &mut trace);
    trace.show();
    trace.end().and(ended)
}

fn stages(args: hc::Args, trace: &mut Trace) -> Result<Status> {
    let caller = Environ::inherited();
    let Plan { changes, files, action } = options::parse(args, &caller, trace)?;
    changes.tell_start(trace);
    trace.show();
    let loaded = sources::load(&files, changes.start != Start::Inherited, &caller, trace)?;
    changes.tell_rest(trace);
    let env = environment::change(caller, changes, loaded);
    trace.show();
    match action {
        Action::Print { end } => hc::print(&environment::listing(&env, end)).map(|()| Status::SUCCESS),
        Action::Execute(Execution { signals, directory, argv0, program, arguments }) => {
            dispositions::set(&signals, trace)?;
            if let Some(directory) = directory {
                execute::change_directory(&directory, trace)?;
            }
            let argv = execute::argv(&program, argv0, arguments, trace);
            trace.show();
            Err(execute::become_next(&program, &argv, &env))
        }
    }
}
