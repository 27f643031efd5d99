//! A tool killed at a system call of its choice, by strace(1).

use crate::{Cmd, Dir, Ended, Host};
use std::collections::HashMap;

/// A system call by its name, and which of that name it is in its process.
pub type Call = (String, usize);

/// Every system call of `line` and of the processes that it forks, behind its start-up and before the next
/// program; each once, in their order.
#[track_caller]
pub fn calls(host: &Host, line: &Cmd) -> Vec<Call> {
    let dir = Dir::new();
    let log = dir.join("log");
    Cmd::line(["strace", "-f", "-o"]).arg(&log).chain(line).on(host).run().ok();
    let log = std::fs::read_to_string(&log).expect("the calls");
    let mut counts: HashMap<(&str, &str), usize> = HashMap::new();
    let mut all: Vec<(&str, Call)> = Vec::new();
    for (process, name) in log.lines().filter_map(process_and_name) {
        let count = counts.entry((process, name)).or_default();
        *count += 1;
        all.push((process, (name.to_owned(), *count)));
    }
    let first = all.first().expect("a call").0;
    // The start-up ends with the look at descriptors 0 to 2.
    let start_up = |(process, call): &(&str, Call)| *process == first && *call != ("fcntl".to_owned(), 3);
    let mut own: Vec<Call> = Vec::new();
    let mut executed: Vec<&str> = Vec::new();
    for (process, call) in all.into_iter().skip_while(start_up).skip(1) {
        if call.0 == "execve" {
            executed.push(process);
        }
        // strace gives numbers to calls that it has no name for; it cannot be told to meet these.
        let known = !call.0.starts_with("syscall_");
        if known && !executed.contains(&process) && !own.contains(&call) {
            own.push(call);
        }
    }
    assert!(own.len() >= 5, "too few calls: {own:?}");
    own
}

/// `PID NAME(`...; not the second half of a call that another process has come between.
fn process_and_name(line: &str) -> Option<(&str, &str)> {
    let (process, call) = line.split_once(' ')?;
    let (name, _) = call.trim_start().split_once('(')?;
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_').then_some((process, name))
}

/// Runs `line`, of which the first process that comes to this call is killed before it. How strace ended, which
/// waits for the others and ends as `line` itself did.
#[track_caller]
pub fn killed(host: &Host, line: &Cmd, (name, count): &Call) -> Ended {
    let inject = format!("inject={name}:signal=KILL:when={count}");
    let strace = Cmd::line(["strace", "-f", "-o", "/dev/null", "-e", &inject]);
    strace.chain(line).on(host).run().ended
}
