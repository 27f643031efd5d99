//! A root directory with something else than a directory, or a file, at the places where something is mounted: nothing
//! leads out of it, and nothing outside is changed.

use super::{Who, furnished_in, own_cell};
use crate::unshare::Root;
use hc_tests::{Dir, Ended, can_make_hosts, require, user_namespaces};
use std::os::unix::fs::symlink;
use std::path::Path;

fn can_run() -> bool {
    can_make_hosts() && user_namespaces()
}

/// Outside, and open to everybody: whatever is made by mistake can be made here.
fn outside() -> Dir {
    let outside = Dir::new();
    for name in ["proc", "sys", "dev", "directory"] {
        outside.directory(name);
    }
    outside.file("file", "outside");
    for name in ["", "directory", "dev"] {
        std::fs::set_permissions(outside.join(name), std::os::unix::fs::PermissionsExt::from_mode(0o777))
            .unwrap();
    }
    outside
}

/// Options that mount something on `target`, a file if `of_file`.
fn mounts(source: &Dir, layers: &Dir, target: &str, of_file: bool) -> Vec<String> {
    let place = source.path().display();
    if of_file {
        return vec![format!("--bind={place}/file:{target}")];
    }
    let layers = layers.path().display();
    let mut options = vec![
        format!("--bind={place}:{target}"),
        format!("--tmpfs={target}"),
        format!("--overlay={place}:{layers}/upper:{layers}/work:{target}"),
        format!("--mount-proc={target}"),
    ];
    match target {
        "/dev" => options.push("--dev".to_owned()),
        "/sys" => options.push("--sys".to_owned()),
        _ => {}
    }
    options
}

struct Ground {
    source: Dir,
    layers: Dir,
    outside: Dir,
}

impl Ground {
    fn new() -> Self {
        let layers = Dir::new();
        for name in ["upper", "work"] {
            std::fs::set_permissions(
                layers.directory(name),
                std::os::unix::fs::PermissionsExt::from_mode(0o777),
            )
            .unwrap();
        }
        Ground { source: super::source(), layers, outside: outside() }
    }

    /// Each mount on `target` in roots that `plant` has prepared. All of them end so: with NEXT, or refused.
    #[track_caller]
    fn each(&self, target: &str, of_file: bool, leads_inside: bool, plant: impl Fn(&Root)) {
        for who in Who::ALL {
            for option in mounts(&self.source, &self.layers, target, of_file) {
                let root = own_cell(who);
                plant(&root);
                let before = self.outside.listing();
                let output =
                    furnished_in(who, &root, &[&option]).arg("/hc-attack").args(["read", "/hc-attack"]).run();
                assert_eq!(self.outside.listing(), before, "{who:?}: {option}: outside was changed");
                if leads_inside {
                    assert!(output.ended == Ended::Exit(0), "{who:?}: {output:?}");
                } else {
                    let message = output.fails("hc-unshare", 125);
                    assert!(!message.contains("/root/root"), "{message}");
                }
            }
        }
    }
}

fn link(root: &Root, place: &str, target: impl AsRef<Path>) {
    let place = root.path().join(place.trim_start_matches('/'));
    let _ = std::fs::remove_dir(&place);
    symlink(target, place).unwrap();
}

#[test]
fn links_to_the_host_lead_nowhere() {
    require!(can_run(), "takes root, and user namespaces for others");
    let ground = Ground::new();
    let absolute = ground.outside.path().display().to_string();
    let up = format!("{}{absolute}", "../".repeat(20).trim_end_matches('/'));
    for place in ["/dev", "/sys", "/x"] {
        for target in [
            absolute.clone(),
            up.clone(),
            // To what is not there yet, and could be made there.
            format!("{absolute}/new"),
            format!("{up}/new"),
            format!("{absolute}/directory/new"),
        ] {
            ground.each(place, false, false, |root| link(root, place, &target));
            ground.each(&format!("{place}/below"), false, false, |root| link(root, place, &target));
        }
        ground.each(place, true, false, |root| link(root, place, format!("{absolute}/file")));
        ground.each(place, true, false, |root| link(root, place, format!("{absolute}/new")));
        ground.each(&format!("{place}/below"), true, false, |root| link(root, place, &absolute));
    }
}

#[test]
fn links_of_proc_lead_nowhere() {
    require!(can_run(), "takes root, and user namespaces for others");
    let ground = Ground::new();
    let absolute = ground.outside.path().display().to_string();
    for target in ["/proc/1/root", "/proc/self/root", "/proc/self/cwd", "/proc/self/fd/0", "/proc/self/exe"] {
        for below in ["", &absolute] {
            let target = format!("{target}{below}");
            // One is mounted in there already when these are looked up.
            for who in Who::ALL {
                let root = own_cell(who);
                link(&root, "x", &target);
                let before = ground.outside.listing();
                let output = furnished_in(who, &root, &["--tmpfs=/x"])
                    .args(["/hc-attack", "read", "/hc-attack"])
                    .run();
                assert_eq!(ground.outside.listing(), before, "{who:?}: {target}");
                output.fails("hc-unshare", 125);
            }
        }
    }
}

#[test]
fn links_in_the_root_are_followed_in_it() {
    require!(can_run(), "takes root, and user namespaces for others");
    let ground = Ground::new();
    for place in ["/dev", "/sys", "/x"] {
        for target in ["/a/b", "a/b", "/../../a/b", "../../../a/b", "/a/../a/./b"] {
            ground.each(place, false, true, |root| link(root, place, target));
        }
        ground.each(place, true, true, |root| {
            root.dir.file("root/a/file", "");
            link(root, place, "/a/file");
        });
    }
    // A row of links; and what is missing behind one is made behind it.
    let row = |root: &Root| {
        link(root, "x", "y");
        link(root, "y", "/a/z");
        link(root, "a/z", "../tmp");
        std::fs::set_permissions(
            root.path().join("tmp"),
            std::os::unix::fs::PermissionsExt::from_mode(0o777),
        )
        .unwrap();
    };
    ground.each("/x", false, true, row);
    for who in Who::ALL {
        let root = own_cell(who);
        row(&root);
        furnished_in(who, &root, &["--tmpfs=/x/made"])
            .args(["/hc-attack", "create", "/tmp/made/new"])
            .run()
            .ok();
        assert!(root.path().join("tmp/made").is_dir());
    }
}

#[test]
fn links_in_a_circle_are_told() {
    require!(can_run(), "takes root, and user namespaces for others");
    let ground = Ground::new();
    for place in ["/dev", "/sys", "/x"] {
        ground.each(place, false, false, |root| link(root, place, place));
        ground.each(place, false, false, |root| {
            link(root, place, "/y");
            link(root, "y", place);
        });
        let root = own_cell(Who::Root);
        link(&root, place, place);
        let message = furnished_in(Who::Root, &root, &[&format!("--tmpfs={place}"), "/x"])
            .run()
            .fails("hc-unshare", 125);
        let expected =
            format!("{place} in the root {}: Too many levels of symbolic links", root.path().display());
        assert_eq!(message, expected);
    }
}

/// A FIFO would hold up who opens it, and a file is no directory.
#[test]
fn what_is_not_a_directory_is_told() {
    require!(can_run(), "takes root, and user namespaces for others");
    let ground = Ground::new();
    for place in ["/dev", "/sys", "/x"] {
        let name = place.trim_start_matches('/');
        let clear = |root: &Root| {
            let _ = std::fs::remove_dir(root.path().join(name));
            root.path().join(name)
        };
        ground.each(place, false, false, |root| std::fs::write(clear(root), "a file").unwrap());
        ground.each(place, false, false, |root| {
            nix::unistd::mkfifo(&clear(root), nix::sys::stat::Mode::S_IRWXU).unwrap();
        });
        ground.each(&format!("{place}/below"), false, false, |root| {
            std::fs::write(clear(root), "a file").unwrap();
        });
        // And a directory is no file.
        ground.each(place, true, false, |root| drop(root.dir.directory(clear(root))));
        let root = own_cell(Who::Root);
        std::fs::write(clear(&root), "a file").unwrap();
        let message = furnished_in(Who::Root, &root, &[&format!("--tmpfs={place}"), "/x"])
            .run()
            .fails("hc-unshare", 125);
        assert_eq!(message, format!("{place} in the root {}: Not a directory", root.path().display()));
    }
}

/// A FIFO is a file to mount a file on, and nobody waits for its other end.
#[test]
fn a_fifo_is_mounted_over() {
    require!(can_run(), "takes root, and user namespaces for others");
    let ground = Ground::new();
    ground.each("/fifo", true, true, |root| {
        nix::unistd::mkfifo(&root.path().join("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    });
}

/// While the tool is on its way, somebody exchanges a directory in the root for a link to the host.
#[test]
fn a_link_that_comes_and_goes_leads_nowhere() {
    require!(can_run(), "takes root, and user namespaces for others");
    let ground = Ground::new();
    let root = own_cell(Who::Root);
    let (place, other) = (root.path().join("x"), root.path().join("other"));
    std::fs::create_dir(&place).unwrap();
    symlink(ground.outside.path(), &other).unwrap();
    let before = ground.outside.listing();
    let exchange = || {
        let (here, at) = (nix::fcntl::AT_FDCWD, nix::fcntl::AT_FDCWD);
        nix::fcntl::renameat2(here, &place, at, &other, nix::fcntl::RenameFlags::RENAME_EXCHANGE).unwrap();
    };
    hc_tests::meanwhile(exchange, || {
        for number in 0..100 {
            let made = format!("--tmpfs=/x/{number}");
            furnished_in(Who::Root, &root, &[&made, "--tmpfs=/x"])
                .args(["/hc-attack", "create", "/x/new"])
                .run();
        }
    });
    assert_eq!(ground.outside.listing(), before);
}
