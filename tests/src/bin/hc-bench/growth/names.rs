//! Network namespaces with names: made, listed, entered and deleted.

use super::{Series, rounds};
use crate::cost::Cost;
use crate::line::{Line, words};
use crate::machine::Machine;
use crate::measure::Times;
use hc_tests::release;
use std::path::Path;

const VERBS: [(&str, &str); 4] =
    [("hc-netns", "add"), ("hc-netns", "exec"), ("ip netns", "exec"), ("hc-netns", "delete")];

pub(super) fn series() -> Vec<Series> {
    let tool = release("hc-netns");
    let _machine = Machine::enter();
    let mut of_verbs =
        VERBS.map(|(who, verb)| Series::new(&format!("{who} {verb}, names one after the other")));
    let mut lists = Series::new("hc-netns list, all names");
    let mut list = Line::new("hc-netns list", words(&[&tool, &"list"]));
    for count in [1, 10, 100, 500] {
        let mut times = [const { Vec::new() }; VERBS.len()];
        let mut times_of_list = Vec::new();
        for _ in 0..rounds(count, 100) {
            for ((who, verb), times) in VERBS.iter().zip(&mut times) {
                let mut line = line(&tool, who, verb);
                times.push((0..count).map(|number| line.run(number)).sum());
                if *verb == "add" {
                    times_of_list.push(list.run(0));
                }
            }
        }
        for (series, times) in of_verbs.iter_mut().zip(times) {
            series.add(count, Cost::time(Times::new(times).median()));
        }
        lists.add(count, Cost::time(Times::new(times_of_list).median()));
    }
    of_verbs.into_iter().chain([lists]).collect()
}

fn line(tool: &Path, who: &str, verb: &str) -> Line {
    let mut line = if who == "ip netns" { words(&[&"ip", &"netns"]) } else { words(&[&tool]) };
    line.extend(words(&[&verb, &"name-{}"]));
    if verb == "exec" {
        line.push("true".into());
    }
    Line::new(verb, line)
}
