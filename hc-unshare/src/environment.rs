//! The variables that NEXT gets: `--clear-env`, `--whitelist-env`.

use hc::Environ;
use std::collections::BTreeSet;

/// What of the caller's environment is kept.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum Kept {
    /// All of it, byte for byte.
    #[default]
    All,
    /// The variables with these names.
    Only(BTreeSet<Vec<u8>>),
}

impl Kept {
    /// Keeps none but those that are named, here and in further calls.
    pub(crate) fn only(&mut self, names: impl IntoIterator<Item = Vec<u8>>) {
        match self {
            Kept::All => *self = Kept::Only(names.into_iter().collect()),
            Kept::Only(kept) => kept.extend(names),
        }
    }

    /// Drops the rest. An entry without `=` has no name.
    pub(crate) fn filter(&self, env: &mut Environ) {
        let Kept::Only(names) = self else { return };
        env.retain(|entry| {
            let name = entry.iter().position(|&byte| byte == b'=').and_then(|end| entry.get(..end));
            name.is_some_and(|name| names.contains(name))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CString;

    #[test]
    fn what_is_not_named_goes() {
        let env = ["A=1", "AB=2", "odd", "C=", "A=3"].map(|entry| CString::new(entry).unwrap());
        let env: Environ = env.into_iter().collect();
        let left = |kept: &Kept| {
            let mut env = env.clone();
            kept.filter(&mut env);
            env.iter().map(|entry| String::from_utf8_lossy(entry).into_owned()).collect::<Vec<_>>()
        };
        let mut kept = Kept::default();
        assert_eq!(left(&kept).len(), 5);
        kept.only([]);
        assert_eq!(left(&kept), Vec::<String>::new());
        kept.only([b"A".to_vec(), b"odd".to_vec()]);
        kept.only([b"C".to_vec()]);
        assert_eq!(left(&kept), ["A=1", "C=", "A=3"]);
    }
}
