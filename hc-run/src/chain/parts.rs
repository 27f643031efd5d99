//! Which option goes to which link, and as what.

use hc::{Error, Result};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// A tool of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    Rootfs,
    Netns,
    Cgroup,
    Env,
    Unshare,
    /// Not one of ours: passt's.
    Pasta,
}

impl Tool {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Tool::Rootfs => "hc-rootfs",
            Tool::Netns => "hc-netns",
            Tool::Cgroup => "hc-cgroup",
            Tool::Env => "hc-env",
            Tool::Unshare => "hc-unshare",
            Tool::Pasta => "pasta",
        }
    }
}

/// How the value of an option becomes words of another one.
type Translation = fn(&str, &OsStr) -> Result<Vec<OsString>>;

/// A line of the table: an option here, the link that it goes to, what it is called there, and how.
struct Row(&'static str, Tool, &'static str, Translation);

/// What goes to which link; hc-run(1) has the same table.
const TABLE: &[Row] = &[
    Row("file", Tool::Rootfs, "--file", same),
    Row("ip", Tool::Netns, "--addr", same),
    Row("dns", Tool::Netns, "--dns", same),
    Row("publish", Tool::Netns, "--publish", same),
    Row("memory", Tool::Cgroup, "--memory", same),
    Row("memory-swap", Tool::Cgroup, "--memory-swap", same),
    Row("memory-reservation", Tool::Cgroup, "--memory-reservation", same),
    Row("cpus", Tool::Cgroup, "--cpus", same),
    Row("cpu-shares", Tool::Cgroup, "--cpu-shares", same),
    Row("cpuset-cpus", Tool::Cgroup, "--cpuset-cpus", same),
    Row("cpuset-mems", Tool::Cgroup, "--cpuset-mems", same),
    Row("pids-limit", Tool::Cgroup, "--pids-limit", same),
    Row("blkio-weight", Tool::Cgroup, "--blkio-weight", same),
    Row("device-read-bps", Tool::Cgroup, "--device-read-bps", same),
    Row("device-write-bps", Tool::Cgroup, "--device-write-bps", same),
    Row("device-read-iops", Tool::Cgroup, "--device-read-iops", same),
    Row("device-write-iops", Tool::Cgroup, "--device-write-iops", same),
    Row("env", Tool::Env, "--keep", variable),
    Row("env-file", Tool::Env, "--env-file", same),
    Row("volume", Tool::Unshare, "--bind", volume),
    Row("tmpfs", Tool::Unshare, "--tmpfs", same),
    Row("read-only", Tool::Unshare, "--read-only", flag),
    Row("workdir", Tool::Unshare, "--wd", same),
    Row("ulimit", Tool::Unshare, "--rlimit", same),
    Row("cap-add", Tool::Unshare, "--cap-add", same),
    Row("cap-drop", Tool::Unshare, "--cap-drop", same),
    Row("security-opt", Tool::Unshare, "--seccomp", security),
];

/// An option of the command line, as words for one tool.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    option: &'static str,
    tool: Tool,
    words: Vec<OsString>,
}

impl Part {
    /// The option of that name with its `value`.
    ///
    /// # Errors
    /// A value that could not mean anything. What the other tool refuses is for that to say.
    pub(crate) fn of(option: &str, value: &OsStr) -> Result<Self> {
        let row = TABLE.iter().find(|Row(name, ..)| *name == option);
        let Some(Row(option, tool, there, translation)) = row else {
            return Err(Error::new(format!("--{option}: goes to no tool")));
        };
        let words = translation(there, value)?;
        Ok(Part { option, tool: *tool, words })
    }

    pub(crate) fn option(&self) -> &'static str {
        self.option
    }

    pub(crate) fn tool(&self) -> Tool {
        self.tool
    }

    pub(crate) fn words(&self) -> Vec<OsString> {
        self.words.clone()
    }
}

fn joined(there: &str, value: &[u8]) -> Vec<OsString> {
    let mut word = OsString::from(there);
    word.push("=");
    word.push(OsStr::from_bytes(value));
    vec![word]
}

#[allow(clippy::unnecessary_wraps)] // as the others
fn same(there: &str, value: &OsStr) -> Result<Vec<OsString>> {
    Ok(joined(there, value.as_bytes()))
}

#[allow(clippy::unnecessary_wraps)] // as the others
fn flag(there: &str, _: &OsStr) -> Result<Vec<OsString>> {
    Ok(vec![there.into()])
}

/// `NAME=VALUE` is an assignment; `NAME` alone the caller's own, if there is one.
fn variable(there: &str, value: &OsStr) -> Result<Vec<OsString>> {
    let bytes = value.as_bytes();
    let bad = |why: &str| Err(Error::usage(format!("--env: '{}' {why}", hc::show(value))));
    match bytes.iter().position(|&byte| byte == b'=') {
        Some(0) => bad("has no name"),
        Some(_) => Ok(vec![value.to_owned()]),
        None if bytes.is_empty() => bad("is no variable"),
        // It becomes a pattern.
        None if bytes.iter().any(|byte| b"*?[\\".contains(byte)) => bad("is the name of no variable"),
        None => Ok(joined(there, bytes)),
    }
}

/// True for a word that [`variable`], or a file of variables, came to which is no assignment.
pub(super) fn is_option_of_env(word: &OsString) -> bool {
    let bytes = word.as_bytes();
    bytes.starts_with(b"--keep=") || bytes.starts_with(b"--env-file=")
}

/// `SRC:DST[:ro|rw]`, with all that is mounted below SRC.
fn volume(there: &str, value: &OsStr) -> Result<Vec<OsString>> {
    let bad = |why: &str| Err(Error::usage(format!("--volume: '{}': {why}", hc::show(value))));
    let fields: Vec<&[u8]> = value.as_bytes().split(|&byte| byte == b':').collect();
    let (source, target, access): (&[u8], &[u8], &[u8]) = match fields.as_slice() {
        [source, target] => (source, target, b"rw"),
        [source, target, access] => (source, target, access),
        _ => return bad("not SRC:DST[:ro]"),
    };
    if source.is_empty() || !target.starts_with(b"/") {
        return bad("SRC is a file or directory here, and DST an absolute path");
    }
    let options: &[u8] = match access {
        b"rw" => b":rec,nosuid,nodev,idmap",
        b"ro" => b":rec,nosuid,nodev,idmap,ro",
        _ => return bad("what is behind DST is ro or rw"),
    };
    Ok(joined(there, &[source, b":", target, options].concat()))
}

/// `seccomp=unconfined|FILE`; and what is so in any case.
fn security(there: &str, value: &OsStr) -> Result<Vec<OsString>> {
    match value.as_bytes() {
        b"no-new-privileges" | b"no-new-privileges:true" | b"no-new-privileges=true" => Ok(Vec::new()),
        b"seccomp=unconfined" | b"seccomp:unconfined" => Ok(joined(there, b"none")),
        bytes => match bytes.strip_prefix(b"seccomp=") {
            Some(file) if !file.is_empty() => Ok(joined(there, file)),
            _ => Err(Error::usage(format!(
                "--security-opt: '{}' is neither seccomp=unconfined, seccomp=FILE nor no-new-privileges",
                hc::show(value)
            ))),
        },
    }
}

/// Published ports in pasta(1)'s words. What else is for a link is refused before.
pub(super) fn for_pasta(words: &[OsString]) -> Vec<OsString> {
    words.iter().flat_map(|word| published_by_pasta(word)).collect()
}

/// `[IP:]PORT:PORT[/udp]` as `-t IP/PORT:PORT` or `-u`.
fn published_by_pasta(word: &OsStr) -> Vec<OsString> {
    let Some(value) = word.as_bytes().strip_prefix(b"--publish=") else { return Vec::new() };
    let (ports, option) = match value.strip_suffix(b"/udp") {
        Some(ports) => (ports, "-u"),
        None => (value.strip_suffix(b"/tcp").unwrap_or(value), "-t"),
    };
    // The last colon but one, if there is one, is behind the address.
    let colons: Vec<usize> =
        ports.iter().enumerate().filter(|(_, byte)| **byte == b':').map(|(at, _)| at).collect();
    let mut ports = ports.to_vec();
    if let [.., at, _] = colons[..]
        && let Some(byte) = ports.get_mut(at)
    {
        *byte = b'/';
    }
    vec![option.into(), OsStr::from_bytes(&ports).to_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn words(option: &str, value: &str) -> String {
        Part::of(option, OsStr::new(value)).unwrap().words().join(OsStr::new(" ")).into_string().unwrap()
    }

    fn error(option: &str, value: &str) -> String {
        Part::of(option, OsStr::new(value)).unwrap_err().to_string()
    }

    #[test]
    fn the_page_has_the_same_table() {
        let page = include_str!("../../../man/hc-run.1");
        let rows = page.lines().filter_map(|line| line.strip_prefix(".It Fl -")?.split_once(" Ta Xr "));
        let rows: BTreeSet<String> = rows.map(|(option, rest)| format!("{option} Ta Xr {rest}")).collect();
        let expected = TABLE.iter().map(|Row(option, tool, there, _)| {
            format!("{option} Ta Xr {} {} Ta Cm {there}", tool.name(), section(*tool))
        });
        assert_eq!(rows, expected.collect());
    }

    fn section(tool: Tool) -> u8 {
        if tool == Tool::Netns { 8 } else { 1 }
    }

    #[test]
    fn variables_are_given_or_the_caller_s() {
        assert_eq!(words("env", "A=1"), "A=1");
        assert_eq!(words("env", "A="), "A=");
        assert_eq!(words("env", "TERM"), "--keep=TERM");
        for bad in ["", "=x", "LC_*"] {
            assert!(error("env", bad).starts_with("--env: "), "{bad}");
        }
    }

    #[test]
    fn volumes_come_with_what_is_mounted_in_them() {
        assert_eq!(words("volume", "/a:/b"), "--bind=/a:/b:rec,nosuid,nodev,idmap");
        assert_eq!(words("volume", ".:/b:ro"), "--bind=.:/b:rec,nosuid,nodev,idmap,ro");
        for bad in ["", "/a", "/a:b", ":/b", "/a:/b:x", "/a:/b:ro:x", "name:b"] {
            assert!(error("volume", bad).starts_with("--volume: "), "{bad}");
        }
    }

    #[test]
    fn security_options_are_docker_s() {
        assert_eq!(words("security-opt", "seccomp=unconfined"), "--seccomp=none");
        assert_eq!(words("security-opt", "seccomp=./f"), "--seccomp=./f");
        assert_eq!(words("security-opt", "no-new-privileges"), "");
        assert!(error("security-opt", "apparmor=x").starts_with("--security-opt: "));
    }

    #[test]
    fn pasta_is_told_ports_in_its_own_words() {
        let told = |value: &str| {
            for_pasta(&[format!("--publish={value}").into()]).join(OsStr::new(" ")).into_string().unwrap()
        };
        assert_eq!(told("8080:80"), "-t 8080:80");
        assert_eq!(told("127.0.0.1:53:53/udp"), "-u 127.0.0.1/53:53");
        assert_eq!(told("[::1]:8080:80/tcp"), "-t [::1]/8080:80");
    }
}
