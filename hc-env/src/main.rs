//! hc-env: run a program in a changed environment. See hc-env(1).
#![cfg_attr(not(test), no_main)]

mod environment;
mod options;

use hc::{Context, Environ, Result, Status};
use options::{Action, Plan};

hc::tool!("hc-env", run);

/// Ends by becoming the program, if one is named; what comes back then is why it could not.
fn run(args: hc::Args) -> Result<Status> {
    let Plan { removal, assignments, action } = options::parse(args)?;
    let env = environment::change(Environ::inherited(), removal, assignments);
    match action {
        Action::Print { end } => hc::print(&environment::listing(&env, end)).map(|()| Status::SUCCESS),
        Action::Execute { directory, argv } => {
            if let Some(directory) = directory {
                let what = format_args!("cannot change directory to '{}'", hc::show(&directory));
                nix::unistd::chdir(directory.as_os_str()).context(what)?;
            }
            Err(hc::exec(&argv, &env))
        }
    }
}
