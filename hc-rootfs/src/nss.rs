//! nsswitch.conf(5): which modules of the C library look up names.

use std::collections::BTreeSet;

pub(crate) const CONFIG: &str = "/etc/nsswitch.conf";
/// The first glibc 2 that has these two in libc itself.
const WITH_FILES: u32 = 34;

/// Nobody has more than ten.
pub(crate) const MAX_MODULES: usize = 256;

/// The modules that the file `config` names and that are no part of a glibc of this `release`; `None` when there are
/// too many.
pub(crate) fn modules(config: &[u8], release: Option<u32>) -> Option<BTreeSet<Vec<u8>>> {
    let has_files = release.is_some_and(|minor| minor >= WITH_FILES);
    let mut found = BTreeSet::new();
    for line in config.split(|&byte| byte == b'\n') {
        let line = line.split(|&byte| byte == b'#').next().unwrap_or_default();
        let mut parts = line.splitn(2, |&byte| byte == b':').skip(1);
        for word in names(parts.next().unwrap_or_default()) {
            let is_name = word.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(byte));
            let is_built_in = has_files && [&b"files"[..], b"dns"].contains(&word);
            if is_name && !is_built_in {
                found.insert(word.to_vec());
            }
            if found.len() > MAX_MODULES {
                return None;
            }
        }
    }
    Some(found)
}

/// The words of a list that are no actions: `[NOTFOUND=return]` may have spaces in it, and none before it.
fn names(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    let outside = list.split(|&byte| byte == b'[').enumerate().flat_map(|(number, part)| {
        // What follows a bracket begins with an action.
        let end =
            if number == 0 { Some(0) } else { part.iter().position(|&byte| byte == b']').map(|at| at + 1) };
        end.and_then(|end| part.get(end..)).unwrap_or_default().split(u8::is_ascii_whitespace)
    });
    outside.filter(|word| !word.is_empty())
}

/// The file of a module.
pub(crate) fn library(module: &[u8]) -> Vec<u8> {
    [b"libnss_", module, b".so.2"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_modules_has_an_end() {
        let config =
            |count: usize| (0..count).fold(String::from("a:"), |text, number| text + &format!(" m{number}"));
        let count = |number| modules(config(number).as_bytes(), None).map(|found| found.len());
        assert_eq!(count(MAX_MODULES), Some(MAX_MODULES));
        assert_eq!(count(MAX_MODULES + 1), None);
    }

    #[test]
    fn modules_stand_after_the_colon() {
        let config =
            b"# passwd: no\npasswd:\tfiles systemd # x\nhosts: files [ NOTFOUND=return a ] my-host dns\n\
                       group: compat[SUCCESS=merge]db\nshadow: x[ a [b] y [c\nodd files\nb: ../../x\n";
        let names = |release| {
            let found = modules(config, release).unwrap().into_iter();
            found.map(|name| String::from_utf8(name).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(names(Some(36)), ["compat", "db", "my-host", "systemd", "x", "y"]);
        assert_eq!(names(None), ["compat", "db", "dns", "files", "my-host", "systemd", "x", "y"]);
        assert_eq!(library(b"db"), b"libnss_db.so.2");
    }
}
