//! The environment block, as execve(2) hands it over: byte strings in order.

use crate::sys;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{CStr, CString};

/// An ordered list of byte strings. Duplicates, entries without `=` and names that are not UTF-8 are kept
/// as they came, so that NEXT gets exactly what this tool got unless somebody asked for a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environ(Vec<Cow<'static, CStr>>);

impl Environ {
    /// The block this process was started with. Borrowed: nothing is copied until it is changed.
    #[must_use]
    pub fn inherited() -> Self {
        Environ(sys::environment().into_iter().map(Cow::Borrowed).collect())
    }

    /// The value of the first entry called `name`, as getenv(3) finds it.
    #[must_use]
    pub fn get(&self, name: &[u8]) -> Option<&[u8]> {
        self.0.iter().find_map(|entry| value_of(entry, name))
    }

    /// Puts each of `entries`, which are `name=value`, in the place of the first entry of that name, or
    /// appends it, as putenv(3) does. Further entries of that name stay. One without `=` is appended. Takes
    /// n log m time for n entries, old and new together, of which m are new.
    pub fn put_all(&mut self, entries: impl IntoIterator<Item = CString>) {
        let entries: Vec<CString> = entries.into_iter().collect();
        // Only the names that are put have a place in the map: there are few, and often ten thousand old ones.
        let mut places: BTreeMap<Vec<u8>, Option<usize>> = BTreeMap::new();
        places.extend(entries.iter().filter_map(|entry| Some((name_of(entry)?.to_vec(), None))));
        if !places.is_empty() {
            for (at, entry) in self.0.iter().enumerate() {
                if let Some(place) = name_of(entry).and_then(|name| places.get_mut(name)) {
                    place.get_or_insert(at);
                }
            }
        }
        for entry in entries {
            let end = self.0.len();
            let place = name_of(&entry).and_then(|name| places.get_mut(name));
            let at = place.map_or(end, |place| *place.get_or_insert(end));
            match self.0.get_mut(at) {
                Some(slot) => *slot = Cow::Owned(entry),
                None => self.0.push(Cow::Owned(entry)),
            }
        }
    }

    /// Appends `entries` as they are, whatever their names.
    pub fn append(&mut self, entries: impl IntoIterator<Item = CString>) {
        self.0.extend(entries.into_iter().map(Cow::Owned));
    }

    /// Keeps the entries of which `wanted`, given all bytes of one, says true.
    pub fn retain(&mut self, wanted: impl Fn(&[u8]) -> bool) {
        self.0.retain(|entry| wanted(entry.to_bytes()));
    }

    /// Removes every entry that is called like one of `names`, as unsetenv(3) does: one without `=` has no name. Takes
    /// n log m time for m names.
    pub fn unset_all(&mut self, names: &[Vec<u8>]) {
        let names: BTreeSet<&[u8]> = names.iter().map(Vec::as_slice).collect();
        self.0.retain(|entry| !name_of(entry).is_some_and(|name| names.contains(name)));
    }

    /// The value under each name that there is: what [`Environ::get`] finds, for those who ask for many.
    #[must_use]
    pub fn values(&self) -> BTreeMap<&[u8], &[u8]> {
        let mut values = BTreeMap::new();
        for entry in self.iter() {
            if let Some(at) = entry.iter().position(|&byte| byte == b'=')
                && let (name, [_, value @ ..]) = entry.split_at(at)
            {
                values.entry(name).or_insert(value);
            }
        }
        values
    }

    /// Removes all entries.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The entries in order, without their final NUL.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(|entry| entry.to_bytes())
    }

    /// The entries as execve(2) takes them.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &CStr> {
        self.0.iter().map(AsRef::as_ref)
    }
}

impl FromIterator<CString> for Environ {
    fn from_iter<I: IntoIterator<Item = CString>>(entries: I) -> Self {
        Environ(entries.into_iter().map(Cow::Owned).collect())
    }
}

/// What comes before the first `=`, if there is one.
fn name_of(entry: &CStr) -> Option<&[u8]> {
    let bytes = entry.to_bytes();
    bytes.get(..bytes.iter().position(|&byte| byte == b'=')?)
}

/// The value in `entry` when it is `name=value`.
fn value_of<'a>(entry: &'a CStr, name: &[u8]) -> Option<&'a [u8]> {
    entry.to_bytes().strip_prefix(name)?.strip_prefix(b"=")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(entries: &[&str]) -> Environ {
        entries.iter().map(|entry| CString::new(*entry).unwrap()).collect()
    }

    #[test]
    fn odd_entries_survive_until_they_are_named() {
        let mut env = of(&["A=1", "noequals", "A=2", "=x", "B="]);
        assert_eq!(env.get(b"A"), Some(&b"1"[..]));
        assert_eq!(env.get(b"noequals"), None);
        assert_eq!(env.get(b"B"), Some(&b""[..]));
        let expected: [(&[u8], &[u8]); 3] = [(b"A", b"1"), (b"", b"x"), (b"B", b"")];
        assert_eq!(env.values(), expected.into());
        env.unset_all(&[b"A".to_vec(), b"noequals".to_vec()]);
        assert_eq!(env, of(&["noequals", "=x", "B="]));
        env.append([c"B=2".to_owned(), c"odd".to_owned()]);
        env.retain(|entry| entry != b"=x");
        assert_eq!(env, of(&["noequals", "B=", "B=2", "odd"]));
    }

    #[test]
    fn put_all_replaces_in_place_and_appends_what_is_new() {
        let mut env = of(&["A=1", "C", "B=2", "A=9", "=e"]);
        env.put_all(["A=3=4", "C=", "AB=5", "C=6", "=", "A=7"].map(|entry| CString::new(entry).unwrap()));
        assert_eq!(env, of(&["A=7", "C", "B=2", "A=9", "=", "C=6", "AB=5"]));
        env.put_all([c"odd", c"odd", c"=x"].map(Into::into));
        assert_eq!(env, of(&["A=7", "C", "B=2", "A=9", "=x", "C=6", "AB=5", "odd", "odd"]));
        env.clear();
        assert_eq!(env.iter().count(), 0);
    }
}
