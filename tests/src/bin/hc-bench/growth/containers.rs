//! Containers that run at once: how soon they do, what memory they take, how soon they are gone.

use super::{Series, rounds};
use crate::cost::Cost;
use crate::floor::hello;
use crate::measure::Times;
use hc_tests::{release, send};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::fs;
use std::io::{PipeReader, Read, pipe};
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_mins(1);
/// What else happens on the machine takes more or less memory than fewer do.
const MANY: usize = 1_000;

pub(super) fn series() -> Vec<Series> {
    let mut start = Series::new("hc-run, all at once: from the first to the last that runs");
    let mut resident =
        Series::new("hc-run: memory of the two processes that stay (PSS)").below(Cost::memory(1536));
    let mut machine = Series::new("hc-run: memory in all, with the program's and the kernel's");
    let mut end = Series::new("hc-run: from the first signal to the last that is gone");
    for count in [1, 10, 100, 1_000] {
        let (mut starts, mut ends) = (Vec::new(), Vec::new());
        let (mut pss, mut less) = (0, 0);
        for _ in 0..rounds(count, 200) {
            let before = if count >= MANY { available() } else { 0 };
            let (crowd, time) = Crowd::start(count);
            starts.push(time);
            pss = crowd.resident();
            less = if count >= MANY { before.saturating_sub(available()) } else { 0 };
            ends.push(crowd.end());
        }
        start.add(count, Cost::time(Times::new(starts).median()));
        resident.add(count, Cost::memory(pss));
        if count >= MANY {
            machine.add(count, Cost::memory(less));
        }
        end.add(count, Cost::time(Times::new(ends).median()));
    }
    vec![start, resident, machine, end]
}

/// Containers that run. They are killed with their value.
struct Crowd {
    running: Vec<Child>,
}

impl Crowd {
    /// Starts so many, one right after the other, and waits until the program runs in all of them.
    fn start(count: usize) -> (Self, Duration) {
        let (program, hello) = (release("hc-run"), hello());
        let (reader, writer) = pipe().expect("a pipe");
        let mut crowd = Crowd { running: Vec::with_capacity(count) };
        let begin = Instant::now();
        for _ in 0..count {
            let output = writer.try_clone().expect("a descriptor");
            let mut line = Command::new(&program);
            let line = line.arg(&hello).arg("wait").stdin(Stdio::null()).stdout(output);
            crowd.running.push(line.spawn().expect("hc-run"));
        }
        drop(writer);
        wait_for_lines(reader, count);
        (crowd, begin.elapsed())
    }

    /// KiB of what stays beside the program in each: the parent, and process 1.
    fn resident(&self) -> u64 {
        let of = |child: &Child| {
            let init = children(child.id()).into_iter().next().expect("process 1 of a container");
            pss(child.id()) + pss(init)
        };
        self.running.iter().map(of).sum()
    }

    /// Ends all programs by a signal, which has to be what all containers report.
    fn end(mut self) -> Duration {
        let begin = Instant::now();
        for child in &self.running {
            send(child.id().cast_signed(), libc::SIGTERM);
        }
        for child in &mut self.running {
            let status = child.wait().expect("hc-run ends");
            assert!(status.into_raw() == (128 + libc::SIGTERM) << 8, "hc-run: {status}");
        }
        begin.elapsed()
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        for child in &mut self.running {
            let _ = child.kill();
        }
        for child in &mut self.running {
            let _ = child.wait();
        }
    }
}

/// Waits for so many lines: each program writes one, and then nothing.
fn wait_for_lines(mut reader: PipeReader, count: usize) {
    let limit = Instant::now() + LIMIT;
    let (mut lines, mut buffer) = (0, [0; 4096]);
    while lines < count {
        let left = limit.saturating_duration_since(Instant::now());
        let left = PollTimeout::try_from(left).expect("a minute");
        let ready = poll(&mut [PollFd::new(reader.as_fd(), PollFlags::POLLIN)], left).expect("poll");
        assert!(ready > 0, "{lines} of {count} containers run after {} seconds", LIMIT.as_secs());
        let length = reader.read(&mut buffer).expect("what the programs say");
        assert!(length > 0, "{lines} of {count} containers run, and the others have ended");
        lines += buffer.iter().take(length).map(|byte| usize::from(*byte == b'\n')).sum::<usize>();
    }
}

fn children(process: u32) -> Vec<u32> {
    let list = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).expect("children");
    list.split_whitespace().map(|child| child.parse().expect("a number")).collect()
}

/// A process's share of the memory that it has in use, in KiB.
fn pss(process: u32) -> u64 {
    let path = format!("/proc/{process}/smaps_rollup");
    kib(&fs::read_to_string(&path).expect(&path), "Pss:")
}

/// What could be had without swapping, in KiB, when the kernel has given back what ended lately had.
fn available() -> u64 {
    let now = || kib(&fs::read_to_string("/proc/meminfo").expect("/proc/meminfo"), "MemAvailable:");
    let (mut most, mut unchanged) = (now(), 0);
    while unchanged < 5 {
        thread::sleep(Duration::from_millis(100));
        let seen = now();
        unchanged = if seen > most { 0 } else { unchanged + 1 };
        most = most.max(seen);
    }
    most
}

fn kib(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("a line of that name");
    line.trim().trim_end_matches(" kB").parse().expect("a number of KiB")
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes_are_read_by_name() {
        assert_eq!(super::kib("Rss:  12 kB\nPss:   3 kB\nPss_Dirty:  2 kB\n", "Pss:"), 3);
    }
}
