//! The chain itself. Pure: names in, words out.

use crate::links::Links;
use crate::place::Place;
use std::ffi::{OsStr, OsString};

/// Writes the chain that runs `program`, an absolute path here and inside, with `arguments`.
///
/// * `hc-unshare -m --tmpfs`, if the root directory is not kept: a mount namespace with a tmpfs for it, which goes
///   with the last process in there, however that ends. A user makes the user namespace here already (`-r`), for
///   mounting needs it; it is entered once;
/// * `hc-rootfs`: while the machine's files are still in reach;
/// * `hc-env`: before the tool that becomes process 1, whose environment stays readable in there;
/// * `hc-unshare`: last, for it closes the door.
pub(crate) fn write(
    links: &Links,
    place: &Place,
    user: bool,
    program: OsString,
    arguments: impl Iterator<Item = OsString>,
) -> Vec<OsString> {
    let mut chain = Vec::new();
    let (directory, namespaces) = match place {
        Place::Kept(directory) => (directory, if user { "-rfpiumn" } else { "-fpiumn" }),
        Place::Tmpfs(directory) => {
            let own = if user { "-rm" } else { "-m" };
            chain.extend([links.unshare.clone(), own.into(), option("--tmpfs=", directory)]);
            (directory, "-fpiumn")
        }
    };
    chain.extend([links.rootfs.clone(), directory.clone(), program.clone(), "--".into()]);
    chain.extend([links.env.clone(), "-i".into(), "container=handcraft".into()]);
    chain.extend([links.unshare.clone(), namespaces.into(), "--mount-proc".into()]);
    chain.extend([option("--root=", directory), program]);
    chain.extend(arguments);
    chain
}

fn option(name: &str, value: &OsStr) -> OsString {
    let mut word = OsString::from(name);
    word.push(value);
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(place: &Place, user: bool) -> String {
        let links =
            Links { rootfs: "/b/hc-rootfs".into(), env: "/b/hc-env".into(), unshare: "/b/hc-unshare".into() };
        let chain = write(&links, place, user, "/bin/echo".into(), ["--hi".into()].into_iter());
        chain.join(OsStr::new(" ")).into_string().unwrap()
    }

    #[test]
    fn a_kept_root_directory() {
        let place = Place::Kept("/ns/a".into());
        let expected = "/b/hc-rootfs /ns/a /bin/echo -- /b/hc-env -i container=handcraft \
                        /b/hc-unshare -fpiumn --mount-proc --root=/ns/a /bin/echo --hi";
        assert_eq!(words(&place, false), expected);
        assert_eq!(words(&place, true), expected.replace("-fpiumn", "-rfpiumn"));
    }

    #[test]
    fn one_that_goes_with_the_container() {
        let place = Place::Tmpfs("/mnt".into());
        let rest = "/b/hc-rootfs /mnt /bin/echo -- /b/hc-env -i container=handcraft \
                    /b/hc-unshare -fpiumn --mount-proc --root=/mnt /bin/echo --hi";
        assert_eq!(words(&place, false), format!("/b/hc-unshare -m --tmpfs=/mnt {rest}"));
        // The user namespace is entered once; in it, the user is root.
        assert_eq!(words(&place, true), format!("/b/hc-unshare -rm --tmpfs=/mnt {rest}"));
    }
}
