//! Who is who in the new user namespace: user_namespaces(7). From what the command line asks for to the two maps.

mod external;
mod jail;
mod ranges;
mod write;

pub(crate) use ranges::Range;

use crate::{accounts, causes};
use hc::{Error, Result};
use nix::unistd::{getegid, geteuid};
use ranges::Block;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// What the command line asks for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) users: Side,
    pub(crate) groups: Side,
    pub(crate) setgroups: Option<Setgroups>,
    /// Where no map is asked for, one for root and others that are nobody outside, as far as the caller may.
    pub(crate) jail: bool,
}

/// One of the two maps.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Side {
    /// What the caller's own id is inside.
    pub(crate) single: Option<Single>,
    /// Further ids.
    pub(crate) blocks: Vec<Wish>,
}

/// What an id becomes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Single {
    /// What it is outside.
    Same,
    /// Root's.
    Root,
    /// That of this name, or this number.
    Named(OsString),
}

/// Ids that the command line names, or says where to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Range(Range),
    /// The caller's first subordinate ids, inside from 0 on.
    Auto,
    /// The same ones, under their own numbers.
    Subids,
    /// All that there are around the new user namespace, under their own numbers.
    All,
}

/// Whether setgroups(2) is allowed in the user namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setgroups {
    Allow,
    Deny,
}

/// The maps to write.
#[derive(Debug, Default)]
pub(crate) struct Maps {
    users: Option<Map>,
    groups: Option<Map>,
    setgroups: Option<Setgroups>,
    /// The ids inside are those of no file outside.
    private: bool,
}

#[derive(Debug)]
enum Map {
    /// The caller's own id, which everybody may map in a user namespace of his own.
    Own(Range),
    /// What takes privileges over the ids outside, which a process that has entered has no more.
    Foreign(Vec<Range>),
}

/// What differs between users and groups.
struct Names {
    what: &'static str,
    accounts: &'static str,
    subordinate: &'static str,
    map: &'static str,
}

const USERS: Names =
    Names { what: "user", accounts: accounts::PASSWD, subordinate: "/etc/subuid", map: "/proc/self/uid_map" };
const GROUPS: Names =
    Names { what: "group", accounts: accounts::GROUP, subordinate: "/etc/subgid", map: "/proc/self/gid_map" };

impl Wanted {
    /// True where `--jail` has to find maps.
    pub(crate) fn is_left_to_jail(&self) -> bool {
        self.jail && self.users == Side::default() && self.groups == Side::default()
    }

    /// Looks up what was given by name. To be asked before a user namespace is made, after which the caller's ids are
    /// unmapped. `owned`: the namespace will be somebody else's, so that the caller's id takes privileges as well.
    pub(crate) fn look_up(&self, owned: bool) -> Result<Maps> {
        let jailed = self.is_left_to_jail().then(jail::ids);
        let (users, groups, private) = match &jailed {
            Some((side, private)) => (side, side, *private),
            None => (&self.users, &self.groups, false),
        };
        let users = users.look_up(&USERS, || geteuid().as_raw(), owned)?;
        let groups = groups.look_up(&GROUPS, || getegid().as_raw(), owned)?;
        Ok(Maps { users, groups, setgroups: self.setgroups, private })
    }
}

impl Side {
    fn look_up(&self, names: &Names, own: impl Fn() -> u32, owned: bool) -> Result<Option<Map>> {
        let single = match &self.single {
            None => None,
            Some(Single::Same) => Some(Range::single(own(), own())),
            Some(Single::Root) => Some(Range::single(0, own())),
            Some(Single::Named(name)) => Some(Range::single(id(name, names)?, own())),
        };
        if self.blocks.is_empty() && !owned {
            return Ok(single.map(Map::Own));
        }
        let mut blocks = Vec::new();
        for wish in &self.blocks {
            blocks.extend(wish.look_up(names)?);
        }
        let ranges = ranges::lay(&blocks, single);
        let what = names.what;
        ranges::check(&ranges).map_err(|reason| Error::new(format!("{what} id map: {reason}")))?;
        Ok((!ranges.is_empty()).then_some(Map::Foreign(ranges)))
    }
}

impl Wish {
    fn look_up(self, names: &Names) -> Result<Vec<Block>> {
        let range = match self {
            Wish::Range(range) => Block { range, moves_up: false },
            Wish::Auto => {
                let (outside, count) = subordinate_ids(names)?;
                Block { range: Range { inside: 0, outside, count }, moves_up: true }
            }
            Wish::Subids => {
                let (outside, count) = subordinate_ids(names)?;
                Block { range: Range { inside: outside, outside, count }, moves_up: false }
            }
            Wish::All => {
                let content =
                    accounts::read(names.map).map_err(|errno| causes::refused_proc_file(names.map, errno))?;
                return Ok(identities(&String::from_utf8_lossy(&content)));
            }
        };
        Ok(vec![range])
    }
}

/// True where no user namespace has been made yet.
pub(crate) fn is_initial_namespace() -> bool {
    is_whole(&std::fs::read_to_string(USERS.map).unwrap_or_default())
}

/// True for the map that has all ids as themselves.
fn is_whole(map: &str) -> bool {
    map.split_whitespace().eq(["0", "0", "4294967295"])
}

/// The ids that `map`, with its lines `inside outside count`, has inside, as themselves.
fn identities(map: &str) -> Vec<Block> {
    let block = |line: &str| {
        let numbers: Vec<u32> = line.split_whitespace().filter_map(accounts::number).collect();
        let [first, _, count] = numbers.as_slice() else { return None };
        let range = Range { inside: *first, outside: *first, count: *count };
        Some(Block { range, moves_up: false })
    };
    map.lines().filter_map(block).collect()
}

/// The id that `name` means: first as a name, then as a number, as unshare(1) does.
fn id(name: &OsStr, names: &Names) -> Result<u32> {
    let Names { what, accounts, .. } = names;
    let known = accounts::read(accounts);
    let id = known.as_ref().ok().and_then(|content| accounts::id_of(content, name.as_bytes()));
    let id = id.or_else(|| accounts::given_number(name.as_bytes()));
    // The last number is no id: it means "no change" to the kernel.
    id.filter(|id| *id != u32::MAX).ok_or_else(|| {
        Error::new(format!("'{}': no {what} of that name in {accounts}, and no {what} id", hc::show(name)))
    })
}

/// The caller's first range of subordinate ids: from where on, and how many. Also for groups the user counts.
fn subordinate_ids(names: &Names) -> Result<(u32, u32)> {
    let user = geteuid().as_raw();
    let file = names.subordinate;
    let content = accounts::read(file).map_err(|errno| {
        let reason = hc::reason(errno);
        Error::new(format!("{file}: {reason} (that is where subordinate ids are given to users)"))
    })?;
    let passwd = accounts::read(accounts::PASSWD).unwrap_or_default();
    let name = accounts::name_of(&passwd, user);
    accounts::subordinate_ids(&content, name.as_deref(), user).ok_or_else(|| {
        let shown = name
            .as_deref()
            .map_or_else(|| user.to_string(), |name| hc::show(OsStr::from_bytes(name)).to_string());
        let option = if names.what == "user" { "--add-subuids" } else { "--add-subgids" };
        Error::new(format!(
            "{file}: no line for the user {shown} (root adds one: usermod {option} 100000-165535 {shown})"
        ))
    })
}

impl Maps {
    /// True when a process that stays outside has to write them.
    pub(crate) fn need_one_outside(&self) -> bool {
        [&self.users, &self.groups].iter().any(|map| matches!(map, Some(Map::Foreign(_))))
    }

    /// True when the user `id` outside is somebody inside.
    pub(crate) fn have_user(&self, id: u32) -> bool {
        let covers = |range: &Range| id.checked_sub(range.outside).is_some_and(|at| at < range.count);
        match &self.users {
            Some(Map::Own(range)) => covers(range),
            Some(Map::Foreign(ranges)) => ranges.iter().any(covers),
            None => false,
        }
    }

    /// The user and group outside that are root inside, where the maps are of other ids than the caller's own.
    pub(crate) fn root_outside(&self) -> Option<(u32, u32)> {
        let root = |map: &Option<Map>| match map {
            Some(Map::Foreign(ranges)) => {
                ranges.iter().find(|range| range.inside == 0).map(|range| range.outside)
            }
            Some(Map::Own(_)) | None => None,
        };
        Some((root(&self.users)?, root(&self.groups)?))
    }

    /// True when no file outside belongs to an id inside, so that the root directory has to be mounted with other ids.
    pub(crate) fn are_private(&self) -> bool {
        self.private
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ids_are_those_inside_the_parent() {
        let map = "         0       1000          1\n       100     100000        100\n";
        let ranges: Vec<_> = identities(map).iter().map(|block| block.range).collect();
        assert_eq!(ranges, [Range::single(0, 0), Range { inside: 100, outside: 100, count: 100 }]);
    }

    #[test]
    fn a_part_is_not_the_whole() {
        assert!(is_whole("         0          0 4294967295\n"));
        assert!(!is_whole("         0       1000          1\n") && !is_whole(""));
    }

    #[test]
    fn an_id_is_a_name_or_a_number() {
        assert_eq!(id(OsStr::new("root"), &USERS), Ok(0));
        assert_eq!(id(OsStr::new("65534"), &GROUPS), Ok(65534));
        let error = id(OsStr::new("no such"), &GROUPS).unwrap_err();
        assert_eq!(error.to_string(), "'no such': no group of that name in /etc/group, and no group id");
        assert!(id(OsStr::new("4294967295"), &USERS).is_err());
    }

    #[test]
    fn the_own_id_alone_takes_no_process_outside() {
        let own = Side { single: Some(Single::Root), blocks: Vec::new() };
        assert!(
            matches!(own.look_up(&USERS, || 7, false), Ok(Some(Map::Own(range))) if range == Range::single(0, 7))
        );
        assert!(
            matches!(own.look_up(&USERS, || 7, true), Ok(Some(Map::Foreign(ranges))) if ranges.len() == 1)
        );
        assert!(matches!(Side::default().look_up(&USERS, || 7, true), Ok(None)));
    }

    #[test]
    fn who_is_in_a_map_is_told_by_the_ids_outside() {
        let of = |users| Maps { users, ..Maps::default() };
        let ranges = vec![Range::single(9, 7), Range { inside: 0, outside: 100, count: 10 }];
        let map = of(Some(Map::Foreign(ranges)));
        assert!(map.have_user(7) && map.have_user(100) && map.have_user(109));
        assert!(!map.have_user(0) && !map.have_user(9) && !map.have_user(110));
        assert!(of(Some(Map::Own(Range::single(0, 7)))).have_user(7) && !of(None).have_user(7));
    }
}
