//! What the kernel's refusals mean.

use crate::limits::Control;
use crate::make::Made;
use hc::{Error, reason};
use nix::errno::Errno;

/// What a user does who has no cgroup to divide.
const REMEDY: &str = "systemd-run --user --scope -p Delegate=yes starts a program in one that is the user's";

/// No hierarchy has a controller.
pub(crate) fn absent(controller: &str, unified: bool) -> Error {
    let because = if unified {
        "no cgroup hierarchy here has this controller; the kernel lacks it, or it is not handed on to here"
    } else {
        "no cgroup hierarchy with this controller is mounted here"
    };
    Error::new(format!("controller {}: {because}", hc::show(controller)))
}

/// A cgroup that has to be there.
pub(crate) fn not_opened(path: &str, errno: Errno) -> Error {
    let because = match errno {
        Errno::ENOENT if path.starts_with("/sys/fs/cgroup") => {
            "no such cgroup; a path begins at the root of the hierarchy, not of the file system".to_owned()
        }
        Errno::ENOENT => "no such cgroup".to_owned(),
        Errno::ENOTDIR | Errno::ELOOP => "not a cgroup".to_owned(),
        Errno::EXDEV => "something else is mounted there".to_owned(),
        errno => reason(errno),
    };
    Error::new(format!("{path}: {because}"))
}

/// mkdir(2). `unified`: of the second version.
pub(crate) fn not_made(path: &str, errno: Errno, unified: bool) -> Error {
    let because = match errno {
        Errno::EACCES | Errno::EPERM if unified => {
            format!("the cgroup above it is not the caller's ({REMEDY})")
        }
        Errno::EACCES | Errno::EPERM => {
            "the cgroup above it is not the caller's (root can make one, and chown it)".to_owned()
        }
        Errno::EROFS => "the hierarchy is mounted to be read only".to_owned(),
        Errno::EAGAIN => {
            "no more cgroups are allowed there (cgroup.max.descendants, cgroup.max.depth)".to_owned()
        }
        Errno::ENOENT => "the cgroup above it has been removed".to_owned(),
        errno => reason(errno),
    };
    Error::new(format!("cannot make cgroup {path}: {because}"))
}

/// A controller that a cgroup does not hand on.
pub(crate) fn not_handed_on(path: &str, controller: &str, errno: Errno) -> Error {
    let controller = hc::show(controller);
    let because = match errno {
        Errno::EACCES | Errno::EPERM => format!("it is not the caller's ({REMEDY})"),
        Errno::EBUSY => "it has processes of its own".to_owned(),
        Errno::ENOENT => format!("it does not have it ({REMEDY})"),
        Errno::EROFS => "the hierarchy is mounted to be read only".to_owned(),
        errno => reason(errno),
    };
    Error::new(format!("cgroup {path} cannot hand on the controller {controller}: {because}"))
}

/// A cgroup that has processes, and so cannot hand on controllers.
pub(crate) fn busy(path: &str) -> Error {
    Error::new(format!(
        "cgroup {path} cannot be divided: there are other processes in it (--parent names one without; as a user, {REMEDY})"
    ))
}

/// Writing to cgroup.procs.
pub(crate) fn not_entered(path: &str, errno: Errno, unified: bool) -> Error {
    let because = match errno {
        Errno::EACCES | Errno::EPERM if unified => {
            format!("the caller may not leave the cgroup that it is in ({REMEDY})")
        }
        Errno::EACCES | Errno::EPERM => "it is not the caller's (root can chown it)".to_owned(),
        Errno::EBUSY => "it hands on controllers, and so has no processes".to_owned(),
        Errno::ENOSPC => "it has no processors or no memory (cpuset.cpus, cpuset.mems)".to_owned(),
        Errno::EAGAIN => "no more processes are allowed there (pids.max)".to_owned(),
        Errno::EOPNOTSUPP => "the cgroup above it has processes of its own (cgroup.type)".to_owned(),
        errno => reason(errno),
    };
    Error::new(format!("cannot enter cgroup {path}: {because}"))
}

/// A value that was refused.
pub(crate) fn not_written(made: &Made, control: &Control, errno: Errno) -> Error {
    let (file, value) = (hc::show(&control.file), hc::show(&control.value));
    let because = match errno {
        Errno::ENOENT => missing(&control.file).to_owned(),
        Errno::EACCES | Errno::EPERM | Errno::EINVAL | Errno::ERANGE if is_list(&control.file) => {
            outside(made, &control.file)
        }
        Errno::EACCES | Errno::EPERM => "it is not the caller's, or not to be written to".to_owned(),
        Errno::ENODEV if control.file.starts_with("io.") || control.file.starts_with("blkio.") => {
            "not a whole disk, or one whose use is not counted".to_owned()
        }
        errno => reason(errno),
    };
    Error::new(format!("{file}: '{value}': {because}"))
}

fn is_list(file: &str) -> bool {
    ["cpuset.cpus", "cpuset.mems"].contains(&file)
}

/// What a new cpuset can have is what the one above it has.
fn outside(made: &Made, file: &str) -> String {
    let above = made.steps.last().map(|(above, _)| above);
    let read = |name: String| above.and_then(|above| above.read(&name).ok());
    let list = read(format!("{file}.effective")).or_else(|| {
        let (controller, name) = file.split_once('.')?;
        read(format!("{controller}.effective_{name}"))
    });
    match list {
        Some(list) => format!("not all of these are there: {}", list.trim()),
        None => "not all of these are there".to_owned(),
    }
}

fn missing(file: &str) -> &'static str {
    match file {
        "memory.swap.max" | "memory.memsw.limit_in_bytes" => {
            "this kernel does not limit swap (swapaccount=1, or CONFIG_SWAP)"
        }
        "io.weight" => "this kernel does not weigh disks (CONFIG_BLK_CGROUP_IOCOST)",
        "blkio.bfq.weight" => "this kernel does not weigh disks (the scheduler bfq)",
        "cpu.max" | "cpu.cfs_quota_us" | "cpu.cfs_period_us" => {
            "this kernel does not limit the time of processors (CONFIG_CFS_BANDWIDTH)"
        }
        _ => "there is no such control file here",
    }
}
