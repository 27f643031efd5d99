//! Copies: hc-rootfs into an empty directory beside the ways of others, and beside the floor.

use crate::disk::Disk;
use crate::floor::floor;
use crate::line::{Line, words};
use crate::machine::Machine;
use crate::peers::Peers;
use crate::table::{Row, Target, compare};
use hc_tests::{Dir, find, release};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

/// What is asked of a copy beside the floor's.
const FLOOR: Target = Target::AtMost(1.3);
/// What is copied, and how often.
const PROGRAMS: [(&str, usize); 3] = [("echo", 100), ("python3", 40), ("ffmpeg", 9)];
/// How long ext4 gives no inode away that was deleted.
const DELETED_LATELY: Duration = Duration::from_secs(6);
/// The post's own way, for one program: `$1` is the directory.
const LDD: &str = r#"mkdir -p "$1" && ldd "$2" | sed -n 's/.*=> //; s/^[[:space:]]*//; s/ (0x.*//; \|^/|p' |
    xargs -I{lib} cp --parents {lib} "$1" && cp --parents "$2" "$1""#;

pub(crate) fn rows() -> Vec<Row> {
    let tool = release("hc-rootfs");
    let base = Dir::new();
    let directory = base.directory("disk");
    let _machine = Machine::with_mounts();
    // jk_cp(8) takes no directory that lies in one that all may write to, such as /tmp.
    let place = Disk::bind(&directory);
    let kind = place.kind();
    let mut rows = Vec::new();
    let tmpfs = Disk::tmpfs();
    for (program, rounds) in PROGRAMS {
        rows.extend(copies(&tool, program, "tmpfs", &tmpfs, rounds, false));
    }
    for (program, rounds) in PROGRAMS {
        rows.extend(copies(&tool, program, &kind, &place, rounds, true));
    }
    for kind in ["xfs", "btrfs"] {
        match Disk::on_a_loop_device(kind, &base.join(kind)) {
            Ok(disk) => rows
                .extend(PROGRAMS.iter().flat_map(|(name, rounds)| shared(&tool, name, kind, &disk, *rounds))),
            Err(why) => rows.push(missing(format!("hc-rootfs --sysroot, {kind}"), why)),
        }
    }
    rows
}

fn missing(ours: String, why: String) -> Row {
    Row::Missing { ours, other: "floor/copy.c".into(), why }
}

/// Copies from where the program is to `disk`, beside the floor and, where that is asked for, the ways of others.
fn copies(tool: &Path, program: &str, kind: &str, disk: &Disk, rounds: usize, with_peers: bool) -> Vec<Row> {
    let ours = format!("hc-rootfs {program}, {kind}");
    // Not a shell's own.
    let Some(file) = find(OsStr::new(program)) else {
        return vec![missing(ours, format!("no {program} here"))];
    };
    let (list, tree) = (disk.path().join("list"), disk.path().join("tree"));
    fs::write(&list, files_of(&file)).expect("the list");
    fs::write(&tree, tree_of(&file)).expect("the list");
    let place = disk.path().join("{}");
    let line = |name: &str, line: Vec<_>| clean(disk, Line::new(name, line));
    let least = line("floor/copy.c", words(&[&floor("copy"), &list, &place]));
    let all = words(&[&floor("copy"), &tree, &place]);
    let all = line("floor/copy.c, with the links and empty directories", all);
    let mut peers = Peers::of([(least, FLOOR), (all, Target::None)]);
    let target = if program == "echo" { Target::Faster(6.0) } else { Target::None };
    if with_peers || program == "echo" {
        let post = words(&[&"/bin/sh", &"-c", &LDD, &"sh", &place, &file]);
        peers.lines.push((line("ldd, xargs cp", post), target));
    }
    if with_peers {
        peers.add("lddtree", "pax-utils, python3-pyelftools", Target::None, |program| {
            let mut option = OsString::from("--copy-to-tree=");
            option.push(&place);
            line("lddtree --copy-to-tree", words(&[&program, &option, &file]))
        });
        // These two want the directory to be there: sh makes it.
        let after_mkdir = r#"mkdir "$1" && shift && exec "$@""#;
        let start = words(&[&"/bin/sh", &"-c", &after_mkdir, &"sh", &place]);
        peers.add("/usr/lib/dracut/dracut-install", "dracut-core", Target::None, |program| {
            let end = words(&[&program, &"-D", &place, &"-l", &file]);
            line("dracut-install -l", start.iter().cloned().chain(end).collect())
        });
        peers.add("jk_cp", "jailkit", Target::None, |program| {
            line("jk_cp", start.iter().cloned().chain(words(&[&program, &"-j", &place, &file])).collect())
        });
    }
    measured(disk, rounds, clean(disk, Line::new(&ours, words(&[&tool, &place, &file]))), peers)
}

/// Copies within `disk`, whose file system lets files share what they have in common. Nothing is asked of it: there is so
/// little left to do that looking for the libraries, which is not the floor's job, is as much.
fn shared(tool: &Path, program: &str, kind: &str, disk: &Disk, rounds: usize) -> Vec<Row> {
    let ours = format!("hc-rootfs --sysroot {program}, {kind}");
    let Some(file) = find(OsStr::new(program)) else {
        return vec![missing(ours, format!("no {program} here"))];
    };
    let source = disk.path().join(format!("source-{program}"));
    Line::new("source", words(&[&tool, &source, &file])).run(0);
    let list = disk.path().join("list");
    fs::write(&list, files_of(&file)).expect("the list");
    let place = disk.path().join("{}");
    let mut option = OsString::from("--sysroot=");
    option.push(&source);
    let tool = words(&[&tool, &option, &place, &file]);
    let least = words(&[&floor("copy"), &list, &place, &source]);
    let (mut tool, least) = (Line::new(&ours, tool), clean(disk, Line::new("floor/copy.c", least)));
    tool.run(0);
    if let Err(why) = is_shared(&disk.path().join("0").join(file.strip_prefix("/").expect("absolute"))) {
        return vec![missing(ours, why)];
    }
    fs::remove_dir_all(disk.path().join("0")).expect("cleaned");
    let name = "cp -a --reflink=always";
    let copy = clean(disk, Line::new(name, words(&[&"cp", &"-a", &"--reflink=always", &source, &place])));
    measured(disk, rounds, clean(disk, tool), Peers::of([(least, Target::None), (copy, Target::None)]))
}

/// A file's data is another one's too.
fn is_shared(file: &Path) -> Result<(), String> {
    let file = fs::canonicalize(file).map_err(|error| error.to_string())?;
    let output = Command::new("filefrag").arg("-v").arg(file).output().map_err(|error| error.to_string())?;
    let map = String::from_utf8_lossy(&output.stdout);
    if map.contains("shared") { Ok(()) } else { Err("the copy shares no data with the file".to_owned()) }
}

/// A line of which each run leaves only empty files.
///
/// They are not removed before all have run: for some seconds ext4 looks at each inode that was deleted before it makes one.
fn clean(disk: &Disk, line: Line) -> Line {
    let directory = disk.path().to_owned();
    let line = line.with_programs_of_the_system();
    line.after(move |number| empty(&directory.join(number.to_string())))
}

fn empty(directory: &Path) {
    for entry in fs::read_dir(directory).expect("a directory").flatten() {
        let kind = entry.file_type().expect("a kind of file");
        if kind.is_dir() {
            empty(&entry.path());
        } else if kind.is_file() {
            File::create(entry.path()).expect("an empty file");
        }
    }
}

/// [`compare`], and what it has left is removed.
fn measured(disk: &Disk, rounds: usize, ours: Line, peers: Peers) -> Vec<Row> {
    let rows = compare(rounds, ours, peers);
    for entry in fs::read_dir(disk.path()).expect("the place").flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            fs::remove_dir_all(entry.path()).expect("removed");
        }
    }
    if disk.kind() == "ext4" {
        thread::sleep(DELETED_LATELY);
    }
    rows
}

/// The regular files that hc-rootfs would copy, a line each.
pub(crate) fn files_of(program: &Path) -> String {
    let is_file = |name: &&str| fs::symlink_metadata(name).is_ok_and(|about| about.is_file());
    listed(program, "-l").lines().filter(is_file).flat_map(|name| [name, "\n"]).collect()
}

/// All that hc-rootfs would make, as the floor reads it: directories, links and files.
fn tree_of(program: &Path) -> String {
    let entry = |name: &str| match fs::symlink_metadata(name) {
        Ok(about) if about.is_dir() => format!("{name}/\n"),
        Ok(about) if about.is_symlink() => {
            format!("{name} -> {}\n", fs::read_link(name).expect("a link").display())
        }
        _ => format!("{name}\n"),
    };
    listed(program, "-l --directories").lines().map(entry).collect()
}

fn listed(program: &Path, options: &str) -> String {
    let output = Command::new(release("hc-rootfs")).args(options.split(' ')).arg(program).output();
    let output = output.expect("hc-rootfs -l");
    assert!(output.status.success(), "hc-rootfs -l: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("names")
}
