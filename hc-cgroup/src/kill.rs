//! Ends all processes in a cgroup and below it, also those that make new ones meanwhile.

use crate::directory::Directory;
use crate::sys;
use crate::table::Version;
use nix::errno::Errno;

/// Ends them. That they have been told to end does not mean that they have: see [`crate::remove`].
pub(crate) fn kill(directory: &Directory, version: Version) -> nix::Result<()> {
    match version {
        Version::Two => match directory.write("cgroup.kill", "1") {
            // Linux 5.14 brought it. Before that, what is frozen makes no processes, and can be killed.
            Err(Errno::ENOENT) => {
                let _ = directory.write("cgroup.freeze", "1");
                each(directory)
            }
            result => result,
        },
        Version::One => first_version(directory),
    }
}

/// Whichever of the two this hierarchy has: what is frozen makes no processes, and neither does who may have none. Who is
/// frozen does not die before it is thawed.
fn first_version(directory: &Directory) -> nix::Result<()> {
    let frozen = directory.write("freezer.state", "FROZEN").is_ok();
    let _ = directory.write("pids.max", "0");
    let killed = each(directory);
    if frozen {
        directory.write("freezer.state", "THAWED")?;
    }
    killed
}

/// Sends SIGKILL to each process that is there now.
fn each(directory: &Directory) -> nix::Result<()> {
    let mut result = Ok(());
    let mut todo = vec![directory.open(&[])?];
    while let Some(directory) = todo.pop() {
        for process in processes(&directory.read("cgroup.procs").unwrap_or_default()) {
            match sys::kill(process) {
                Ok(()) | Err(Errno::ESRCH) => {}
                Err(errno) => result = Err(errno),
            }
        }
        let children = directory.children().unwrap_or_default();
        todo.extend(children.iter().filter_map(|name| directory.open(std::slice::from_ref(name)).ok()));
    }
    result
}

/// The processes that a control file lists. Those that this process cannot see are 0, which to kill(2) would be its own
/// process group.
pub(crate) fn processes(list: &str) -> impl Iterator<Item = i32> {
    list.lines().filter_map(|line| line.parse().ok()).filter(|process| *process > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_processes_that_can_be_seen_are_any() {
        let list: Vec<i32> = processes("12\n0\n-1\n\nx\n4194304\n99999999999\n").collect();
        assert_eq!(list, [12, 4_194_304]);
    }
}
