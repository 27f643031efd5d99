//! Who runs this, and whether there are further ids for a user: subuid(5), subgid(5), newuidmap(1).

use crate::chain::Caller;
use nix::unistd::geteuid;
use std::fs;
use std::path::Path;

/// Where newuidmap(1) and newgidmap(1) are looked for: they have the set-user-ID bit, which is not for whatever is in PATH.
const DIRECTORIES: [&str; 4] = ["/usr/bin", "/bin", "/usr/local/bin", "/usr/sbin"];

/// Who runs this process.
pub(crate) fn caller() -> Caller {
    let user = geteuid();
    if user.is_root() {
        return Caller::Root;
    }
    let names = names_of(&read("/etc/passwd"), user.as_raw());
    let has_ids =
        ["/etc/subuid", "/etc/subgid"].into_iter().all(|file| has_range(&read(file), user.as_raw(), &names));
    let helps = ["newuidmap", "newgidmap"]
        .into_iter()
        .all(|program| DIRECTORIES.into_iter().any(|directory| Path::new(directory).join(program).exists()));
    if has_ids && helps { Caller::UserWithIds } else { Caller::User }
}

fn read(file: &str) -> Vec<u8> {
    fs::read(file).unwrap_or_default()
}

/// The names of the user in a passwd file.
fn names_of(passwd: &[u8], user: u32) -> Vec<Vec<u8>> {
    let user = user.to_string().into_bytes();
    let lines = passwd.split(|&byte| byte == b'\n');
    let named = lines.filter_map(|line| {
        let mut fields = line.split(|&byte| byte == b':');
        let name = fields.next()?;
        (fields.nth(1)? == user).then(|| name.to_vec())
    });
    named.collect()
}

/// True if one of the lines, `name or uid:first:count`, is this user's and has ids.
fn has_range(file: &[u8], user: u32, names: &[Vec<u8>]) -> bool {
    let number = user.to_string().into_bytes();
    file.split(|&byte| byte == b'\n').any(|line| {
        let fields: Vec<&[u8]> = line.split(|&byte| byte == b':').collect();
        let [owner, first, count] = fields.as_slice() else { return false };
        let is_number = |field: &[u8]| !field.is_empty() && field.iter().all(u8::is_ascii_digit);
        let is_owner = *owner == number || names.iter().any(|name| name == owner);
        is_owner && is_number(first) && is_number(count) && count.iter().any(|&digit| digit != b'0')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_the_user_s_by_name_or_number() {
        let names = names_of(b"root:x:0:0::/:\nme:x:1000:1000::/:\nbad\n", 1000);
        assert_eq!(names, [b"me"]);
        assert!(has_range(b"you:1:2\nme:100000:65536\n", 1000, &names));
        assert!(has_range(b"1000:100000:65536", 1000, &[]));
        for without in ["", "me", "me:1:0", "me:1:", "me::5", "you:1:2", "me:x:5"] {
            assert!(!has_range(without.as_bytes(), 1000, &names), "{without}");
        }
    }
}
