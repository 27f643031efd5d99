//! What `list` and `list-id` print: lines as ip(8) has them, or JSON.

use crate::directory::{DIRECTORY, names};
use crate::ids::{self, Current, Known};
use crate::json::Layout;
use crate::namespace::{not_a_namespace, open_namespace};
use crate::netlink::Netlink;
use crate::{TOOL, json};
use hc::Result;
use nix::errno::Errno;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Which ids `list-id` is to show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Those of the namespace that has this id here; of this one without it.
    pub(crate) target: Option<u32>,
    /// This id alone.
    pub(crate) id: Option<u32>,
}

/// Prints the names in the order of the directory, each with the id that this network namespace has for it.
pub(crate) fn list(layout: Option<Layout>) -> Result<()> {
    let named = named()?;
    let mut text = Vec::new();
    for (name, id) in &named {
        if let Some(layout) = layout {
            let id = id.map(|id| ("id", json::number(id)));
            let fields = [("name", json::string(name.as_bytes()))].into_iter().chain(id);
            json::push(&mut text, layout, fields);
            continue;
        }
        text.extend_from_slice(name.as_bytes());
        if let Some(id) = id {
            text.extend_from_slice(format!(" (id: {id})").as_bytes());
        }
        text.push(b'\n');
    }
    hc::print(&match layout {
        Some(layout) => json::array(&text, layout),
        None => text,
    })
}

/// Prints ids, each with the name of its namespace, if that has one.
pub(crate) fn list_ids(wanted: Wanted, layout: Option<Layout>) -> Result<()> {
    let mut netlink = Netlink::route()?;
    let found = match wanted.id {
        Some(id) => ids::one(&mut netlink, wanted.target, id)?,
        None => ids::all(&mut netlink, wanted.target)?,
    };
    let names = named()?;
    // Of several names the last one, as ip(8) has it.
    let name = |id: Option<u32>| id.and_then(|_| names.iter().rfind(|(_, other)| *other == id));
    let mut text = Vec::new();
    for Known { id, current } in found {
        let here = match current {
            Current::Same => id,
            Current::None => None,
            Current::Id(id) => Some(id),
        };
        let name = name(here).map(|(name, _)| name.as_bytes());
        if let Some(layout) = layout {
            let id = id.map(|id| ("nsid", json::number(id)));
            let current = here.filter(|_| current != Current::Same);
            let current = current.map(|id| ("current-nsid", json::number(id)));
            let name = name.map(|name| ("name", json::string(name)));
            json::push(&mut text, layout, id.into_iter().chain(current).chain(name));
            continue;
        }
        let word = |id: Option<u32>| id.map_or_else(|| "unassigned".to_owned(), |id| id.to_string());
        text.extend_from_slice(format!("nsid {} ", word(id)).as_bytes());
        if current != Current::Same {
            text.extend_from_slice(format!("current-nsid {} ", word(here)).as_bytes());
        }
        if let Some(name) = name {
            text.extend([b"(iproute2 netns name: ", name, b")"].concat());
        }
        text.push(b'\n');
    }
    hc::print(&match layout {
        Some(layout) => json::array(&text, layout),
        None => text,
    })
}

/// Every name, with its id if it has one. What is no network namespace is told, and has none.
fn named() -> Result<Vec<(OsString, Option<u32>)>> {
    let names = names()?;
    let mut netlink = if names.is_empty() { None } else { Some(Netlink::route()?) };
    let mut found = Vec::new();
    for name in names {
        let id = netlink.as_mut().map_or(Ok(None), |netlink| id(netlink, &name))?;
        found.push((name, id));
    }
    Ok(found)
}

/// The id of a namespace, if it has one, and may be opened.
fn id(netlink: &mut Netlink, name: &OsString) -> Result<Option<u32>> {
    let Ok(namespace) = open_namespace(&Path::new(DIRECTORY).join(name)) else { return Ok(None) };
    let because = match ids::of(netlink, &namespace)? {
        Ok(id) => return Ok(id),
        Err(refusal) if refusal.errno == Errno::EINVAL => not_a_namespace(&namespace, name),
        Err(refusal) => refusal.to_string(),
    };
    hc::note(TOOL, &format!("{}: {because}", hc::show(name)));
    Ok(None)
}
