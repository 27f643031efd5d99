//! hc-env, beside the env(1) of coreutils: the same command lines, and what comes of them under either.
//!
//! The tables in `env/` are such command lines, a file for each concern. What is not in them is in three places:
//! `differences.rs` lists where hc-env differs on purpose, `newer.rs` has what the env(1) of this machine is too old
//! for, with its expected result, and the other files ask for more than a command line can.

mod abbreviations;
mod additions;
mod assignments;
mod differences;
mod escapes;
mod execution;
mod locales;
mod messages;
mod newer;
mod printing;
mod refusals;
mod signals;
mod spliced;
mod split;
mod streams;
mod trace;

use hc_tests::{Cmd, Dir, Ended, compare};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::OnceLock;

/// Command lines of one kind.
struct Group {
    /// What they have in common.
    about: &'static str,
    /// How either tool is started, beyond what [`started`] does.
    start: fn(Cmd) -> Cmd,
    /// Each line is run in each of them.
    locales: &'static [Locale],
    /// Words before what is in the table, and after it.
    before: &'static [&'static str],
    lines: Lines,
    after: &'static [&'static str],
}

/// Variables and values by which the locale is chosen.
type Locale = &'static [(&'static str, &'static str)];

const C: Locale = &[("LC_ALL", "C")];
const UTF_8: Locale = &[("LC_ALL", "C.UTF-8")];

/// What a group has that says nothing else.
const GROUP: Group = Group {
    about: "",
    start: |cmd| cmd,
    locales: &[C, UTF_8],
    before: &[],
    lines: Lines::Whole(&[]),
    after: &[],
};

/// For those whose messages have no quotes, or are shown in both locales by another group.
const IN_C: Group = Group { locales: &[C], ..GROUP };
const IN_UTF_8: Group = Group { locales: &[UTF_8], ..GROUP };

/// Command lines, or that part of each in which they differ.
enum Lines {
    /// Several words each.
    Whole(&'static [&'static [&'static str]]),
    /// One word each: this, and then one of these.
    Word(&'static str, &'static [&'static str]),
    /// One word each, not all of them text.
    Bytes(&'static [&'static [u8]]),
}

impl Group {
    fn lines(&self) -> Vec<Vec<OsString>> {
        let middles: Vec<Vec<OsString>> = match self.lines {
            Lines::Whole(lines) => {
                lines.iter().map(|line| line.iter().map(OsString::from).collect()).collect()
            }
            Lines::Word(start, words) => {
                words.iter().map(|word| vec![[start, word].concat().into()]).collect()
            }
            Lines::Bytes(words) => {
                words.iter().map(|word| vec![OsStr::from_bytes(word).to_owned()]).collect()
            }
        };
        let words = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
        middles.into_iter().map(|middle| [words(self.before), middle, words(self.after)].concat()).collect()
    }
}

/// A test for each concern, which goes through all of its groups; and all of them in a row.
macro_rules! concerns {
    ($($concern:ident)*) => {
        $(
            #[test]
            fn $concern() {
                same($concern::GROUPS);
            }
        )*
        const CONCERNS: &[&[Group]] = &[$($concern::GROUPS),*];
    };
}

concerns! { abbreviations assignments escapes locales messages refusals signals spliced split trace }

/// From 9.12 on env(1) prints values in quotes, and other tools of that name have words of their own.
#[test]
fn the_original_is_of_coreutils_before_9_12() {
    let output = Cmd::new("env").arg("--version").run().ok();
    let version = output.text().lines().next().and_then(|line| line.strip_prefix("env (GNU coreutils) 9."));
    let minor: Option<u32> = version.and_then(|version| version.split(['.', '-']).next()?.parse().ok());
    assert!(minor.is_some_and(|minor| (1..12).contains(&minor)), "nothing to compare with: {output:?}");
}

#[test]
fn there_are_more_than_five_hundred_different_command_lines() {
    let lines: Vec<Vec<OsString>> = CONCERNS.iter().copied().flatten().flat_map(Group::lines).collect();
    let different: BTreeSet<&Vec<OsString>> = lines.iter().collect();
    assert!(different.len() > 500, "there are {}, and {} in all", different.len(), lines.len());
}

/// Runs every line under both, and fails with all that do not come to the same.
#[track_caller]
fn same(groups: &[Group]) {
    let mut failures = Vec::new();
    let mut count = 0;
    for group in groups {
        for line in group.lines() {
            for locale in group.locales {
                count += 1;
                let pair = compare::both("env", "hc-env", &line, |cmd| (group.start)(started(cmd, locale)));
                if !are_same(&pair) {
                    let setting = format!("{} {locale:?}", group.about);
                    failures.push(format!("{setting}\n{:?}{:?}", pair.original, pair.ours));
                }
            }
        }
    }
    report(&failures, count);
}

/// Fails if there is anything to report of so many runs.
#[track_caller]
fn report(failures: &[String], count: usize) {
    let number = failures.len();
    assert!(number == 0, "{number} of {count} are not the same:\n\n{}", failures.join("\n"));
}

/// Status, standard output and standard error, except for the name of the tool.
fn are_same(pair: &compare::Pair) -> bool {
    let compare::Pair { original, ours } = pair;
    original.ended != Ended::TimedOut
        && original.ended == ours.ended
        && original.stdout == ours.stdout
        && in_our_name(&original.stderr) == ours.stderr
}

/// What the original says, as hc-env has to say it.
fn in_our_name(stderr: &[u8]) -> Vec<u8> {
    const REFERENCE: &[u8] = b"Try 'env --help' for more information.\n";
    let mut text = Vec::new();
    for line in stderr.split_inclusive(|&byte| byte == b'\n') {
        if line == REFERENCE {
            text.extend_from_slice(b"Try 'hc-env --help' for more information.\n");
            continue;
        }
        if line.starts_with(b"env: ") {
            text.extend_from_slice(b"hc-");
        }
        text.extend_from_slice(line);
    }
    text
}

/// What a line is started with: an ordinary user, in the directory of [`places`], and an environment with values that
/// put a parser to the test.
fn started(cmd: Cmd, locale: Locale) -> Cmd {
    let path = format!("PATH={}:/usr/bin:/bin", places().join("tools").display());
    let values =
        ["A=1", "B=two words", "EMPTY=", "Q='x' \"y\" \\q #z ${A}", "_1=under", "A=again", "noequals"];
    let cmd = cmd.environ([path.as_str()].into_iter().chain(values));
    let cmd = locale.iter().fold(cmd, |cmd, (name, value)| cmd.env(name, value));
    cmd.dir(places().path()).as_nobody()
}

/// Directories with a program `x` of different kinds, one without, and one with a program that shows its arguments.
fn places() -> &'static Dir {
    static PLACES: OnceLock<Dir> = OnceLock::new();
    PLACES.get_or_init(|| {
        let dir = Dir::new();
        let mode = |name: &str, mode| {
            fs::set_permissions(dir.join(name), fs::Permissions::from_mode(mode)).unwrap();
        };
        dir.program("tools/args", "#!/bin/sh\nprintf '%s:' $#\nprintf '<%s>' \"$@\"\n");
        for name in ["good", "other"] {
            dir.program(format!("{name}/x"), format!("#!/bin/sh\necho {name} \"$0\" \"$@\"; pwd\n"));
        }
        dir.program("plain/x", "echo plain \"$0\" \"$@\"\n");
        dir.file("text/x", "hello\n");
        for name in ["lost/x", "lost/a b"] {
            dir.program(name, "#!/nosuch/sh\n");
        }
        dir.program("crlf/x", "#!/bin/sh\r\n");
        let elf = fs::read("/bin/true").unwrap();
        // To a shell it is a command that there is not, and then a mistake.
        dir.program("foreign/x", [&elf[..18], &[0xb7, 0], b"\n)\n"].concat());
        let loader = b"/lib64/ld-linux-x86-64.so.2";
        let at = elf.windows(loader.len()).position(|window| window == loader).expect("the loader of true");
        let missing = b"/lib64/ld-missing-x86-64.so";
        dir.program("loaderless/x", [&elf[..at], missing, &elf[at + loader.len()..]].concat());
        dir.directory("directory/x");
        dir.directory("none");
        for (name, target) in [("loop", "x"), ("dangling", "nowhere")] {
            dir.directory(name);
            symlink(target, dir.join(format!("{name}/x"))).unwrap();
        }
        dir.program("closed/x", "#!/bin/sh\n");
        mode("text/x", 0o644);
        // Also to its owner, should the tests not be run by root.
        mode("closed", 0);
        dir.file("file", "");
        dir
    })
}

/// Environments that env(1) may be started with.
fn environments() -> [Vec<&'static [u8]>; 4] {
    let usual: [&[u8]; 3] = [b"PATH=/usr/bin:/bin", b"LC_ALL=C", b"A=1"];
    let odd: [&[u8]; 9] =
        [b"Z=1", b"A=1", b"noequals", b"A=2", b"=x", b"", b"\xff=\x80\n", b"B=", b"PATH=/usr/bin:/bin"];
    let doubles: [&[u8]; 6] = [b"PATH=/nosuch", b"PATH=/usr/bin:/bin", b"A", b"=1", b"=2", b"A=1"];
    [usual.to_vec(), odd.to_vec(), doubles.to_vec(), Vec::new()]
}

/// Options and assignments that say what becomes of it.
const CHANGES: [&[&str]; 24] = [
    &[],
    &["-i"],
    &["-"],
    &["--", "-"],
    &["--"],
    &["-i", "--", "-", "A=2"],
    &["A=2"],
    &["A=2", "A=3"],
    &["C=3", "A=2", "B=4=5", "C=6"],
    &["=y"],
    &["=y", "=z"],
    &["A=", "B="],
    &["-u", "A"],
    &["-uA", "--unset=B", "--unset", "PATH"],
    &["-u", "NOSUCH"],
    &["-u", "noequals"],
    &["-u", "A", "A=2"],
    &["-u", "A", "-i", "B=2"],
    &["-i", "-u", "", "-u", "a=b"],
    &["-u", "-i", "-u", "--"],
    &["--ignore-env", "A=1"],
    &["--uns", "A"],
    &["\u{e9}=\u{e8}", "A\n=\n"],
    &["--", "A=2"],
];

/// Runs both, in `environment`, as a user.
#[track_caller]
fn both<S: AsRef<OsStr>>(args: &[S], environment: &[&[u8]]) -> compare::Pair {
    compare::both("env", "hc-env", args, |cmd| cmd.environ(environment).as_nobody())
}
