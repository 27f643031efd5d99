//! Devices of the machine.

use super::{Attack, cell};
use crate::unshare::jail::jail;
use hc_tests::{Dir, can_make_hosts, require, user_namespaces};
use nix::sys::stat::{Mode, SFlag, makedev, mknod};

/// Major and minor number of a disk that root may open: mostly the first one, with the root file system on it. A machine
/// may be such that nobody opens that; then a loop device does as well.
fn disk() -> Option<[u64; 2]> {
    let table = std::fs::read_to_string("/proc/partitions").unwrap_or_default();
    let rows = table
        .lines()
        .map(|line| line.split_whitespace().filter_map(|word| word.parse().ok()).collect::<Vec<u64>>());
    let disks = rows.filter_map(|row| (row.len() == 3 && row[2] > 0).then(|| [row[0], row[1]]));
    let dir = Dir::new();
    disks.chain([[7, 0]]).find(|[major, minor]| {
        let node = dir.join(format!("{major}:{minor}"));
        mknod(&node, SFlag::S_IFBLK, Mode::S_IRUSR, makedev(*major, *minor)).unwrap();
        std::fs::File::open(node).is_ok()
    })
}

#[test]
fn are_not_made() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let disk = disk();
    require!(disk.is_some(), "there is no disk that root may open");
    let [major, minor] = disk.unwrap().map(|number| number.to_string());
    let cell = cell();
    Attack::new(&cell, &["device", "b", &major, &minor])
        .leads("works", "mknod: EPERM")
        .closed_by("mknod: EPERM");
    Attack::new(&cell, &["device", "c", "1", "9"]).leads("works", "mknod: EPERM").closed_by("mknod: EPERM");
}

/// One that is in the root directory already belongs to root, who is root in the jail when that is mounted with other ids.
#[test]
fn are_not_opened_where_somebody_has_put_them() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let disk = disk();
    require!(disk.is_some(), "there is no disk that root may open");
    let [major, minor] = disk.unwrap();
    let cell = cell();
    let mode = Mode::S_IRUSR | Mode::S_IWUSR;
    mknod(&cell.path().join("disk"), SFlag::S_IFBLK, mode, makedev(major, minor)).unwrap();
    mknod(&cell.path().join("full"), SFlag::S_IFCHR, mode, makedev(1, 7)).unwrap();
    for device in ["/disk", "/full"] {
        Attack::new(&cell, &["read", device]).leads("works", "open: EACCES").closed_by("open: EACCES");
    }
}

/// The jail's own are there, and no others.
#[test]
fn are_those_that_every_program_may_use() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let cell = cell();
    for who in super::Who::ALL {
        for (device, expected) in [
            ("/dev/zero", "works"),
            ("/dev/kmsg", "open: ENOENT"),
            ("/dev/mem", "open: ENOENT"),
            ("/dev/vda", "open: ENOENT"),
            ("/dev/fuse", "open: ENOENT"),
        ] {
            let said = super::heard(who.starts(jail(&cell, &["/hc-attack", "read", device])));
            assert_eq!(said, expected, "{who:?}: {device}");
        }
    }
}
