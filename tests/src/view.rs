//! What the kernel says about a process, as `hc-probe` printed it.

use std::collections::BTreeMap;

/// The lines of one run of the probe: `key=value`, a key as often as there are values of it.
#[derive(Clone)]
pub struct View(Vec<(String, String)>);

impl View {
    /// Reads what the probe printed.
    #[track_caller]
    pub fn parse(text: &str) -> Self {
        let pair = |line: &str| line.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
        let pairs =
            text.lines().map(|line| pair(line).unwrap_or_else(|| panic!("no line of a view: {line}")));
        let view = View(pairs.collect());
        assert!(!view.0.is_empty(), "the probe has said nothing");
        view
    }

    /// The value of a key that is there once.
    #[track_caller]
    pub fn get(&self, key: &str) -> &str {
        let values = self.all(key);
        let [value] = values.as_slice() else { panic!("{} values of {key}", values.len()) };
        value
    }

    /// Every value of a key, in order.
    pub fn all(&self, key: &str) -> Vec<&str> {
        self.0.iter().filter(|(name, _)| name == key).map(|(_, value)| value.as_str()).collect()
    }

    /// The descriptors that are open.
    pub fn descriptors(&self) -> Vec<i32> {
        self.all("fd").iter().filter_map(|fd| fd.split(' ').next()?.parse().ok()).collect()
    }

    /// The mounts, each by its place, options, kind and source; without what differs from run to run.
    pub fn mounts(&self) -> Vec<String> {
        self.all("mount").into_iter().map(without_numbers).collect()
    }

    /// The lines `inside outside count` of `uid_map` or `gid_map`, smallest first: the kernel keeps the order in
    /// which a few were written, but they mean the same in any.
    #[track_caller]
    pub fn id_map(&self, key: &str) -> Vec<[u32; 3]> {
        let words: Vec<u32> =
            self.get(key).split_whitespace().map(|word| word.parse().expect("a number")).collect();
        let mut lines: Vec<[u32; 3]> =
            words.chunks_exact(3).map(|line| [line[0], line[1], line[2]]).collect();
        lines.sort_unstable();
        lines
    }

    /// The namespaces that are not those of `outside`, by name.
    pub fn new_namespaces(&self, outside: &View) -> Vec<String> {
        let own = self.0.iter().filter(|(key, _)| key.starts_with("ns."));
        let new = own.filter(|(key, id)| outside.get(key) != id);
        new.map(|(key, _)| key.trim_start_matches("ns.").to_owned()).collect()
    }

    /// The same for two runs of the same thing, started in the same way: numbers that the kernel gives out
    /// anew each time (of processes, namespaces, mounts, pipes) are left out, or told as what they have in
    /// common with `outside`, a view from where both were started.
    pub fn comparable(&self, outside: &View) -> BTreeMap<String, Vec<String>> {
        let mut lines: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (key, value) in &self.0 {
            let value = match key.as_str() {
                "pid" | "ppid" | "pgrp" | "session" => relative(value, self.get("pid")),
                // Else the host's, which come and go; also a process 1 may see them.
                "processes" if value != "1" => "several".to_owned(),
                "fd" => value.rsplit_once(' ').map_or(value.clone(), |(fd, _)| fd.to_owned()),
                "mount" => without_numbers(value),
                name if name.starts_with("clock.") => ahead(value, outside.get(name)),
                name if name.starts_with("ns.") => {
                    if outside.get(name) == value {
                        "same".to_owned()
                    } else {
                        "new".to_owned()
                    }
                }
                _ => value.clone(),
            };
            lines.entry(key.clone()).or_default().push(value);
        }
        lines
    }
}

/// A clock's seconds as what it is ahead of another reading, in thousands: a test does not take that long.
fn ahead(value: &str, of: &str) -> String {
    let seconds = |text: &str| text.parse::<i64>().unwrap_or(0);
    ((seconds(value) - seconds(of) + 500).div_euclid(1000)).to_string()
}

fn relative(value: &str, pid: &str) -> String {
    match value {
        "0" | "1" => value.to_owned(),
        value if value == pid => "its own".to_owned(),
        _ => "another".to_owned(),
    }
}

/// A line of mountinfo without the numbers of mounts, devices, peer groups and network namespaces.
fn without_numbers(line: &str) -> String {
    let words = line.split(' ').skip(3).map(|word| match word.split_once(':') {
        Some((kind @ ("shared" | "master" | "propagate_from" | "net"), _)) => kind,
        _ => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTSIDE: &str = "pid=7\nclock.boottime=900\nns.net=net:[1]\nns.uts=uts:[2]\n";

    #[test]
    fn a_view_is_read_key_by_key() {
        let view = View::parse("pid=1\nenv=A=1\nenv=B\nfd=0 fifo 0 1:2\nfd=7 file 0 1:3\n");
        assert_eq!(view.get("pid"), "1");
        assert_eq!(view.all("env"), ["A=1", "B"]);
        assert_eq!(view.descriptors(), [0, 7]);
    }

    #[test]
    fn id_maps_are_lines_of_three_numbers() {
        let view = View::parse("uid_map=1 100000 65536 0 65534 1\ngid_map=\n");
        assert_eq!(view.id_map("uid_map"), [[0, 65534, 1], [1, 100_000, 65536]]);
        assert_eq!(view.id_map("gid_map"), [] as [[u32; 3]; 0]);
    }

    #[test]
    fn a_clock_that_was_set_counts() {
        let outside = View::parse(OUTSIDE);
        let clock = |seconds: i64| {
            View::parse(&format!("clock.boottime={seconds}\n")).comparable(&outside)["clock.boottime"].clone()
        };
        assert_eq!([clock(901), clock(99_901), clock(-99_101)], [["0"], ["99"], ["-100"]]);
    }

    #[test]
    fn what_differs_from_run_to_run_does_not_count() {
        let outside = View::parse(OUTSIDE);
        let run = |pid: u32, net: u32, mount: u32| {
            View::parse(&format!(
                "pid={pid}\npgrp={pid}\nclock.boottime={pid}\nns.net=net:[{net}]\nns.uts=uts:[2]\n\
                 mount={mount} 1 8:1 / /x rw shared:{mount} - ext4 /dev/a rw\nfd=0 fifo 0 9:{mount}\n"
            ))
            .comparable(&outside)
        };
        let (one, two) = (run(40, 50, 60), run(41, 51, 61));
        assert_eq!(one, two);
        assert_eq!(one["mount"], ["/ /x rw shared - ext4 /dev/a rw"]);
        assert_eq!(one["ns.net"], ["new"]);
        assert_ne!(one, run(40, 1, 60), "the network of the host is another thing");
    }
}
