//! The named containers: what the directory of them and the kernel's list of processes say. There is no other record.

use crate::chain::{Caller, Tool};
use crate::{links, place, subids};
use hc::{Environ, Error, Result, Status};
use nix::unistd::geteuid;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Prints a line for each: its name, whether it runs, where it is, and its network namespace.
pub(crate) fn list(env: &Environ) -> Result<Status> {
    let is_root = geteuid().is_root();
    let directory = place::container_directory(!is_root, env)?;
    let mut names: Vec<OsString> = match fs::read_dir(&directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        entries => {
            let entries = entries
                .map_err(|error| Error::new(format!("{}: {error}", hc::show(directory.as_os_str()))))?;
            let directories =
                entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
            directories.map(|entry| entry.file_name()).collect()
        }
    };
    names.sort();
    let running = running();
    let mut text = Vec::new();
    for name in names {
        let path = directory.join(&name);
        let state = if running.contains(&path) { "running" } else { "-" };
        let network = network_namespace(&name).filter(|_| is_root);
        let network = network.map_or_else(|| "-".to_owned(), |path| hc::show(path.as_os_str()).to_string());
        let (name, path) = (hc::show(&name), hc::show(path.as_os_str()));
        text.extend(format!("{name}\t{state}\t{path}\t{network}\n").into_bytes());
    }
    hc::print(&text).map(|()| Status::SUCCESS)
}

/// Becomes rm(1) for the directory of the container `name`, which must not run. Before that its network namespace is taken
/// away. In a user namespace with all of the user's ids, if there may be files of theirs.
pub(crate) fn delete(name: &OsStr, env: &Environ) -> Result<Status> {
    let caller = subids::caller();
    let path = place::named(name, caller != Caller::Root, env)?;
    let shown = || hc::show(path.as_os_str()).to_string();
    if !path.is_dir() {
        return Err(Error::new(format!("{}: no such container", hc::show(name))));
    }
    if running().contains(&path) {
        return Err(Error::new(format!("{}: a container runs there: end it first", shown())));
    }
    let mut line: Vec<OsString> = Vec::new();
    let own = fs::read_link("/proc/self/exe").unwrap_or_default();
    let tool = |tool| links::find_one(tool, own.parent(), env.get(b"PATH"));
    if caller == Caller::Root && network_namespace(name).is_some() {
        line.extend([tool(Tool::Netns)?, "down".into(), name.into(), "--".into()]);
    }
    if caller == Caller::UserWithIds {
        line.extend([tool(Tool::Unshare)?, "-r".into(), "--map-auto".into()]);
    }
    line.push(hc::find_program(OsStr::new("rm"), env.get(b"PATH"))?.into_os_string());
    // What is mounted in there is somebody else's.
    line.extend(["-rf".into(), "--one-file-system".into(), "--".into(), path.into_os_string()]);
    Err(hc::exec(&line, env))
}

/// The file of the network namespace of that name, if there is one.
fn network_namespace(name: &OsStr) -> Option<PathBuf> {
    let path = Path::new("/run/netns").join(name);
    path.symlink_metadata().is_ok().then_some(path)
}

/// The root directories of jails that run now: those of this user's processes which are the parents of them.
fn running() -> Vec<PathBuf> {
    let own = geteuid().as_raw();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten().map(|entry| entry.path());
    let owned = processes.filter(|process| process.metadata().is_ok_and(|about| about.uid() == own));
    owned.filter_map(|process| root_of_jail(&fs::read(process.join("cmdline")).ok()?)).collect()
}

/// The root directory in the command line of a jail's last link.
fn root_of_jail(line: &[u8]) -> Option<PathBuf> {
    let mut words = line.split(|&byte| byte == 0);
    let name = Path::new(OsStr::from_bytes(words.next()?)).file_name()?;
    if name != Tool::Unshare.name() || words.next()? != b"--jail" {
        return None;
    }
    let root = words.next()?.strip_prefix(b"--root=")?;
    Some(PathBuf::from(OsString::from_vec(root.to_vec())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jail_is_known_by_its_command_line() {
        let root = |line: &str| root_of_jail(line.replace(' ', "\0").as_bytes());
        assert_eq!(root("/b/hc-unshare --jail --root=/ns/a --hostname=a /bin/sh"), Some("/ns/a".into()));
        for other in
            ["", "/b/hc-unshare -m --root=/ns/a", "/b/sh --jail --root=/ns/a", "/b/hc-unshare --jail"]
        {
            assert_eq!(root(other), None, "{other}");
        }
    }
}
