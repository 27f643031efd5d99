//! The chain itself. Pure: values in, words out.

mod network;
mod parts;

pub(crate) use parts::{Part, Tool};

use crate::cgroups::Cgroups;
use crate::options::{Container, Init, Network, Storage};
use crate::place::Place;
use crate::user::Ids;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// What a root in the container may do, unless options say otherwise: what podman gives. It is root of a user namespace
/// whose ids are nobody's, and of the resources of its own namespaces.
const CAPABILITIES: &str =
    "chown,dac_override,fowner,fsetid,kill,net_bind_service,setfcap,setgid,setpcap,setuid,sys_chroot";
/// An init that ends its namespace does so by reboot(2).
const CAPABILITIES_OF_INIT: &str = "sys_boot";
/// What an init expects to be empty at its start, as podman gives it, if its root directory has that.
pub(crate) const PLACES_OF_INIT: [(&str, &[&str]); 2] =
    [("run", &["--tmpfs=/run", "--tmpfs=/run/lock"]), ("tmp", &["--tmpfs=/tmp:mode=1777"])];
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// As each process sees it that has a network: hc-netns puts another file there, in a mount namespace of its own.
const RESOLV_CONF: &str = "/etc/resolv.conf";

/// One link: a tool, its options, and why it is there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) tool: Tool,
    pub(crate) words: Vec<OsString>,
    pub(crate) why: &'static str,
}

/// Who runs the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    Root,
    /// A user who has further ids in /etc/subuid and /etc/subgid.
    UserWithIds,
    /// A user who is all that there can be.
    User,
}

/// What is known about the machine, beside the command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) caller: Caller,
    pub(crate) place: Place,
    /// Who the program is, if somebody said so.
    pub(crate) ids: Option<Ids>,
    /// The program, by absolute path here and inside; or by a name that is looked for inside.
    pub(crate) program: OsString,
    /// There are name servers to hand on.
    pub(crate) resolv_conf: bool,
    /// What the root directory has of [`PLACES_OF_INIT`].
    pub(crate) directories: Vec<&'static str>,
    /// Where the container's cgroup could be shown in it; `None` if it is not to be.
    pub(crate) cgroups: Cgroups,
}

/// Writes the chain for `container`.
///
/// * `hc-unshare -m --tmpfs`, if the root directory is not kept: a mount namespace with a tmpfs for it, which goes
///   with the last process in there, however that ends. A user makes a user namespace here already, for mounting needs it;
/// * `hc-rootfs`: while the machine's files are still in reach;
/// * `hc-netns`, `hc-cgroup`: with the privileges of the host;
/// * `hc-env`: before the tool that becomes process 1, whose environment stays readable in there;
/// * `hc-unshare`: last, for it closes the door.
pub(crate) fn write(container: &Container, setting: &Setting) -> Vec<Link> {
    let links = [
        place(container, setting),
        rootfs(container, setting),
        network::link(container),
        network::behind_pasta(container),
        cgroup(container, setting),
        Some(environment(container, setting)),
        Some(jail(container, setting)),
    ];
    links.into_iter().flatten().collect()
}

fn place(container: &Container, setting: &Setting) -> Option<Link> {
    let tmpfs = match &setting.place {
        Place::Tmpfs(directory) => Some(option("--tmpfs=", directory)),
        Place::Kept(_) => None,
    };
    let is_pasta = container.network == Network::Pasta;
    if tmpfs.is_none() && !is_pasta {
        return None;
    }
    let mut words: Vec<OsString> = match setting.caller {
        Caller::Root => vec!["-m".into()],
        Caller::UserWithIds => vec!["-rm".into(), "--map-auto".into()],
        Caller::User => vec!["-rm".into()],
    };
    let mut why = "an empty root directory that goes with the container";
    if is_pasta {
        // Whatever happens to pasta, which would leave its program behind.
        words.extend(["--init", "--kill-child", "--mount-proc"].map(OsString::from));
        why = "a place for pasta, and all of it ends together";
    }
    words.extend(tmpfs);
    Some(Link { tool: Tool::Unshare, words, why })
}

fn rootfs(container: &Container, setting: &Setting) -> Option<Link> {
    if matches!(container.storage, Storage::Given(_)) {
        return None;
    }
    let mut words = container.words(Tool::Rootfs);
    if container.network.leads_somewhere() {
        // Names are looked up by its files.
        words.push("--etc".into());
    }
    words.extend([setting.place.directory().to_owned(), setting.program.clone(), "--".into()]);
    Some(Link {
        tool: Tool::Rootfs,
        words,
        why: "the program, its loader and libraries, in the root directory",
    })
}

fn cgroup(container: &Container, setting: &Setting) -> Option<Link> {
    let limits = container.words(Tool::Cgroup);
    let why = match limits.is_empty() {
        false => "limits to what all of it uses together",
        true if rules_its_cgroups(container, setting) => "a cgroup for the system to divide",
        true => return None,
    };
    let words = ["--wait".into()].into_iter().chain(limits).chain(["--".into()]).collect();
    Some(Link { tool: Tool::Cgroup, words, why })
}

/// An init puts what it starts into cgroups below its own, which only root can give away.
fn rules_its_cgroups(container: &Container, setting: &Setting) -> bool {
    container.init == Init::System && setting.caller == Caller::Root && setting.cgroups != Cgroups::None
}

/// What the container sees of its cgroup.
fn cgroup_file_system(container: &Container, setting: &Setting) -> Option<&'static str> {
    if rules_its_cgroups(container, setting) {
        return Some("--cgroupfs");
    }
    // Runtimes of languages take their size from the limits in there. Of version 1 there are too many to be shown.
    let has_limits = !container.words(Tool::Cgroup).is_empty();
    (has_limits && setting.cgroups == Cgroups::Alone).then_some("--cgroupfs=ro")
}

fn environment(container: &Container, setting: &Setting) -> Link {
    let ids = setting.ids.unwrap_or(Ids { user: 0, group: 0 });
    let given = container.words(Tool::Env);
    // hc-env takes its options before the assignments.
    let (options, assignments): (Vec<_>, Vec<_>) = given.into_iter().partition(parts::is_option_of_env);
    let mut words: Vec<OsString> = vec!["-i".into()];
    words.extend(options);
    words.extend([option("--if-unset=PATH=", PATH.as_ref()), option("--if-unset=HOME=", &ids.home())]);
    if container.tty {
        words.push("--if-unset=TERM=xterm".into());
    }
    if assignments.iter().any(|word| word.as_bytes().starts_with(b"-")) {
        words.push("--".into());
    }
    words.push("container=handcraft".into());
    words.extend(assignments);
    Link { tool: Tool::Env, words, why: "nothing of the caller's environment but what was asked for" }
}

fn jail(container: &Container, setting: &Setting) -> Link {
    let directory = setting.place.directory();
    let mut words: Vec<OsString> = vec!["--jail".into(), option("--root=", directory)];
    if setting.caller == Caller::Root && matches!(setting.place, Place::Tmpfs(_)) {
        // Before Linux 6.3 a tmpfs cannot be mounted with other ids. This one is nobody else's.
        words.push("--idmap=chown".into());
    }
    if !container.network.is_of_jail() {
        words.push("--share=net".into());
    }
    if container.network.leads_somewhere() && setting.resolv_conf {
        words.push(format!("--bind={RESOLV_CONF}:{RESOLV_CONF}:ro").into());
    }
    words.push(option("--hostname=", container.hostname()));
    if container.init != Init::Ours {
        words.extend(["--no-init".into(), "--forward-signals".into()]);
    }
    words.extend(cgroup_file_system(container, setting).map(OsString::from));
    if container.init == Init::System {
        let places = PLACES_OF_INIT.iter().filter(|(place, _)| setting.directories.contains(place));
        words.extend(places.flat_map(|(_, mounts)| mounts.iter().map(OsString::from)));
    }
    if container.tty {
        words.push("--pty".into());
    }
    let is_root = setting.ids.is_none_or(|ids| ids.user == 0);
    if is_root {
        words.push(format!("--cap-add={CAPABILITIES}").into());
        if container.init != Init::Ours {
            words.push(format!("--cap-add={CAPABILITIES_OF_INIT}").into());
        }
    }
    // As with docker, what is dropped is dropped from what there is, and what is added is there whatever was dropped.
    let (dropped, rest): (Vec<_>, Vec<_>) = container
        .words(Tool::Unshare)
        .into_iter()
        .partition(|word| word.as_bytes().starts_with(b"--cap-drop="));
    words.extend(dropped.into_iter().chain(rest));
    if let Some(Ids { user, group }) = setting.ids {
        // A user without further ids can only be another one by name.
        let [user_option, group_option] = match setting.caller {
            Caller::User => ["--map-user", "--map-group"],
            Caller::Root | Caller::UserWithIds => ["--setuid", "--setgid"],
        };
        words.extend([format!("{user_option}={user}").into(), format!("{group_option}={group}").into()]);
    }
    if setting.program.as_bytes().starts_with(b"-") {
        words.push("--".into());
    }
    words.push(setting.program.clone());
    words.extend(container.argv.iter().skip(1).cloned());
    Link { tool: Tool::Unshare, words, why: "the jail, and the program in it" }
}

impl Container {
    /// Whether it is of use to it to see its cgroup.
    pub(crate) fn shows_its_cgroup(&self) -> bool {
        self.init == Init::System || !self.words(Tool::Cgroup).is_empty()
    }

    fn words(&self, tool: Tool) -> Vec<OsString> {
        self.parts.iter().filter(|part| part.tool() == tool).flat_map(Part::words).collect()
    }

    fn has(&self, option: &str) -> bool {
        self.parts.iter().any(|part| part.option() == option)
    }

    fn hostname(&self) -> &OsStr {
        match (&self.hostname, &self.storage) {
            (Some(name), _) => name,
            // Longer ones are no host names.
            (None, Storage::Named(name)) if name.len() <= 64 => name,
            (None, _) => OsStr::new("hc"),
        }
    }
}

fn option(name: &str, value: &OsStr) -> OsString {
    let mut word = OsString::from(name);
    word.push(value);
    word
}

#[cfg(test)]
mod tests;
