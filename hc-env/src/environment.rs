//! The environment as a value: the old one and a list of edits give the new one. Touches nothing.

use hc::Environ;
use std::ffi::CString;

/// One step from the inherited environment to NEXT's, in the order in which they apply.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    /// `-i`: remove everything.
    Clear,
    /// `-u NAME`: remove every entry of that name.
    Unset(Vec<u8>),
    /// `NAME=VALUE`, whole.
    Put(CString),
}

/// Applies `edits` from first to last.
pub(crate) fn apply(mut env: Environ, edits: Vec<Edit>) -> Environ {
    for edit in edits {
        match edit {
            Edit::Clear => env.clear(),
            Edit::Unset(name) => env.unset(&name),
            Edit::Put(entry) => env.put(entry),
        }
    }
    env
}

/// All entries in order, each followed by the byte `end`.
pub(crate) fn listing(env: &Environ, end: u8) -> Vec<u8> {
    env.iter().flat_map(|entry| entry.iter().copied().chain([end])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(entries: &[&str]) -> Environ {
        entries.iter().map(|entry| CString::new(*entry).unwrap()).collect()
    }

    fn put(entry: &str) -> Edit {
        Edit::Put(CString::new(entry).unwrap())
    }

    #[test]
    fn edits_apply_in_their_order() {
        let old = env(&["A=1", "B=2", "odd"]);
        let edits = vec![Edit::Unset(b"A".to_vec()), put("B=3"), put("A=4"), put("A=5")];
        assert_eq!(apply(old.clone(), edits), env(&["B=3", "odd", "A=5"]));
        assert_eq!(apply(old, vec![Edit::Clear, put("X=")]), env(&["X="]));
    }

    #[test]
    fn a_listing_ends_each_entry() {
        assert_eq!(listing(&env(&["A=1", "odd"]), b'\n'), b"A=1\nodd\n");
        assert_eq!(listing(&env(&["A=x\ny"]), 0), b"A=x\ny\0");
        assert_eq!(listing(&env(&[]), 0), b"");
    }
}
