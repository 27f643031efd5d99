//! Namespaces: each alone, each two, all, all but one; in the process itself and in a child.

use super::{Stage, as_root};
use hc_tests::{Cmd, can_make_hosts, require, user_namespaces};

/// Every letter of `letters` alone, every two, all, all but one, and none; each with and without -f.
fn combinations(letters: &str) -> Vec<String> {
    let letters: Vec<char> = letters.chars().collect();
    let mut sets = vec![String::new(), letters.iter().collect()];
    for (at, &one) in letters.iter().enumerate() {
        sets.push(one.to_string());
        sets.push(letters.iter().filter(|&&letter| letter != one).collect());
        sets.extend(letters.iter().skip(at + 1).map(|&other| format!("{other}{one}")));
    }
    sets
}

/// `options`, and each of the sets of namespaces, with and without -f.
fn lines(options: &str, letters: &str) -> Vec<String> {
    let line = |set: &String, fork: &str| match set.as_str() {
        "" if fork.is_empty() => options.to_owned(),
        set => format!("{options} -{fork}{set}"),
    };
    combinations(letters).iter().flat_map(|set| [line(set, ""), line(set, "f")]).collect()
}

const LONG: &[&str] = &[
    "--mount",
    "--uts",
    "--ipc",
    "--net",
    "--pid",
    "--user",
    "--cgroup",
    "--time",
    "--mount --uts --ipc --net --pid --user --cgroup --time --fork",
    "--fork --time --cgroup --user --pid --net --ipc --uts --mount",
    "-m -m -m",
    "-mm",
    "-fff",
    "-u --uts -u",
    "-f --fork --user -U",
];

#[test]
fn root_s() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let stage = Stage::new();
    let all = lines("", "muinpUCT");
    assert_eq!(all.len(), 92);
    stage.alike(as_root, &all);
}

#[test]
fn root_s_by_long_names_and_repeated() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    Stage::new().alike(as_root, LONG);
}

#[test]
fn a_user_s_in_a_user_namespace() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let stage = Stage::new();
    let all = lines("-U", "muinpCT");
    assert_eq!(all.len(), 74);
    stage.alike(Cmd::as_nobody, &all);
}

#[test]
fn a_user_s_who_is_root_there() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let all = lines("-r", "muinpCT");
    Stage::new().alike(Cmd::as_nobody, &all);
}

#[test]
fn a_user_s_without_one_are_refused() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let stage = Stage::new();
    let sets: Vec<String> =
        lines("", "muinpCT").into_iter().filter(|line| !line.is_empty() && line != " -f").collect();
    stage.refused(Cmd::as_nobody, &sets);
}
