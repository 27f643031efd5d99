//! hc-bench: the tools against their peers, and against the floor. `hc-bench [--readme] [PART]...`, by default all parts.
//! With `--readme` the tables and plots in `tests/bench` are replaced, too.
//!
//! Whole processes are timed, two or more command lines in turn (A B A B ...), so that what the machine does meanwhile
//! meets all of them; a row is the ratio of their medians. Floors are the programs in `tests/bench/floor`: static C that
//! does only the system calls which the job cannot do without. A timing decides no test.
// A harness fails by panicking, prints, and reads its arguments as any program.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used
)]

mod about;
mod cgroup;
mod container;
mod copy;
mod cost;
mod disk;
mod env;
mod exec;
mod filter;
mod floor;
mod growth;
mod line;
mod machine;
mod measure;
mod network;
mod peers;
mod plot;
mod readme;
mod resolve;
mod run;
mod start;
mod table;

use std::process::ExitCode;

/// Measures, and says what came of it.
type Part = fn() -> Vec<table::Row>;

/// The parts by name, in the order in which they run.
const PARTS: [(&str, Part); 9] = [
    ("exec", exec::rows),
    ("start", start::rows),
    ("run", run::rows),
    ("copy", copy::rows),
    ("resolve", resolve::rows),
    ("env", env::rows),
    ("cgroup", cgroup::rows),
    ("network", network::rows),
    ("growth", growth::rows),
];

fn main() -> ExitCode {
    let mut wanted: Vec<String> =
        std::env::args_os().skip(1).map(|name| name.to_string_lossy().into_owned()).collect();
    let is_for_readme = wanted.first().is_some_and(|word| word == "--readme");
    let mut readme = is_for_readme.then(readme::Readme::read);
    wanted.drain(..usize::from(is_for_readme));
    let known = PARTS.map(|(name, _)| name);
    if let Some(unknown) = wanted.iter().find(|name| !known.contains(&name.as_str())) {
        refuse(unknown, &known);
        return ExitCode::FAILURE;
    }
    let mut say = |name: &str, text: &str| {
        println!("{text}");
        if let Some(readme) = &mut readme {
            readme.put(name, text);
        }
    };
    say("machine", &about::text());
    for (name, rows) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            println!("## {name}\n");
            let rows = rows();
            say(name, &table::text(&rows));
            if is_for_readme {
                readme::write_plot(name, &rows);
            }
        }
    }
    ExitCode::SUCCESS
}

#[allow(clippy::print_stderr)]
fn refuse(unknown: &str, known: &[&str]) {
    eprintln!("hc-bench: {unknown}: no such part; these are: {}", known.join(" "));
}
