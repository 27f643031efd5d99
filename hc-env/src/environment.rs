//! The environment as a value: the old one and what is to change give the new one. Touches nothing.

use hc::Environ;
use std::ffi::CString;

/// What goes before anything is put there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Removal {
    /// `-i`: everything.
    All,
    /// `-u NAME`: every entry of these names.
    Named(Vec<Vec<u8>>),
}

/// Takes `removal` out of `env` and then puts `assignments`, which are `NAME=VALUE`, in.
pub(crate) fn change(mut env: Environ, removal: Removal, assignments: Vec<CString>) -> Environ {
    match removal {
        Removal::All => env.clear(),
        Removal::Named(names) => names.iter().for_each(|name| env.unset(name)),
    }
    env.put_all(assignments);
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

    fn entries(entries: &[&str]) -> Vec<CString> {
        entries.iter().map(|entry| CString::new(*entry).unwrap()).collect()
    }

    #[test]
    fn assignments_come_after_what_is_removed_and_in_their_order() {
        let old = env(&["A=1", "B=2", "odd"]);
        let named = Removal::Named(vec![b"A".to_vec(), b"odd".to_vec()]);
        assert_eq!(change(old.clone(), named, entries(&["B=3", "A=4", "A=5"])), env(&["B=3", "odd", "A=5"]));
        assert_eq!(change(old, Removal::All, entries(&["X="])), env(&["X="]));
    }

    #[test]
    fn a_listing_ends_each_entry() {
        assert_eq!(listing(&env(&["A=1", "odd"]), b'\n'), b"A=1\nodd\n");
        assert_eq!(listing(&env(&["A=x\ny"]), 0), b"A=x\ny\0");
        assert_eq!(listing(&env(&[]), 0), b"");
    }
}
