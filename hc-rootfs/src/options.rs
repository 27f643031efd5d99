//! The command line, as values.

mod task;
mod values;

use crate::copy::How;
use crate::dlopen::Priority;
use crate::extra::Request;
use crate::resolver::Extras;
use hc::{Args, Error, Opt, Result};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use task::{Choice, Wanted};
pub(crate) use task::{Form, Task};

const HELP: &str = "\
Usage: hc-rootfs [OPTION]... DIR [PROGRAM]... [-- NEXT [ARG]...]
       hc-rootfs [OPTION]... -l [-0] [--directories] | --tree | --json [PROGRAM]...
Copy each PROGRAM and all it needs to start into DIR, then run NEXT.

  -f, --file=SRC[:DST]
                     also the file or directory tree SRC, as DST in the new root
      --etc          a minimal /etc: passwd, group, hosts, nsswitch.conf and your resolv.conf
      --sysroot=DIR  take everything out of the root directory DIR
  -L, --library-path=DIR  look for libraries in DIR as if LD_LIBRARY_PATH named it
      --dlopen=PRIORITY  libraries that others open by themselves: required, recommended
                     (default) or suggested ones and those above, or none
      --nss          with the modules in /etc/nsswitch.conf, and that
      --gconv        with the character sets of the C library
      --locale=NAME  with this locale (repeatable)
      --link=HOW     auto (default), reflink, copy, or hard: blocks in common with the host's files
      --no-xattrs    without file capabilities, ACLs and other extended attributes
  -n, --dry-run      name each file that would be written, and change nothing
  -l, --list         name each file and link that is needed, for tar, cpio or rsync
  -0, --null         end each of these names with NUL
      --directories  with -l, name directories as well
      --tree         show who needs whom, and by what it was found
      --json         the same for programs
  -v, --verbose      name each file that is copied, and each that could be opened and is not
                     there, on standard error
  -h, --help         show this help
  -V, --version      show the version

See hc-rootfs(1).
";

const LONGS: &[&str] = &[
    "file",
    "etc",
    "sysroot",
    "library-path",
    "dlopen",
    "nss",
    "gconv",
    "locale",
    "link",
    "no-xattrs",
    "dry-run",
    "list",
    "null",
    "directories",
    "tree",
    "json",
    "verbose",
    "help",
    "version",
];

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) source: Source,
    pub(crate) verbose: bool,
    pub(crate) how: How,
    pub(crate) extras: Extras,
    /// Names of locales.
    pub(crate) locales: Vec<OsString>,
    /// What is copied besides the programs.
    pub(crate) files: Vec<Request>,
    /// Whether /etc is furnished.
    pub(crate) etc: bool,
    pub(crate) task: Task,
    /// At least one, unless there is something else to copy.
    pub(crate) programs: Vec<OsString>,
    /// What to become, if anything.
    pub(crate) next: Option<Vec<OsString>>,
}

/// Where everything comes from.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) sysroot: Option<OsString>,
    /// In the order in which they are searched.
    pub(crate) library_path: Vec<OsString>,
}

/// Reads the command line. Touches nothing.
pub(crate) fn parse(mut args: Args) -> Result<Plan> {
    let (mut verbose, mut source, mut wanted) = (false, Source::default(), Wanted::default());
    let mut extras = Extras { dlopen: Some(Priority::Recommended), nss: false, gconv: false };
    let mut locales = Vec::new();
    let mut how = How::default();
    let (mut files, mut etc) = (Vec::new(), false);
    while let Some(option) = args.next(LONGS)? {
        match option {
            Opt::Long("dlopen") => extras.dlopen = values::dlopen(&args.value()?)?,
            Opt::Long("nss") => extras.nss = true,
            Opt::Long("gconv") => extras.gconv = true,
            Opt::Long("locale") => locales.push(args.value()?),
            Opt::Short('f') | Opt::Long("file") => files.push(values::request(&args.value()?)?),
            Opt::Long("etc") => etc = true,
            Opt::Long("link") => how.link = values::link(&args.value()?)?,
            Opt::Long("no-xattrs") => how.xattrs = false,
            Opt::Long("sysroot") => source.sysroot = Some(directory(&mut args, "--sysroot")?),
            Opt::Short('L') | Opt::Long("library-path") => {
                source.library_path.push(directory(&mut args, "-L")?);
            }
            Opt::Short('v') | Opt::Long("verbose") => verbose = true,
            Opt::Short('h') | Opt::Long("help") => return Err(Error::answer(HELP)),
            Opt::Short('V') | Opt::Long("version") => {
                return Err(Error::version("hc-rootfs", env!("CARGO_PKG_VERSION")));
            }
            Opt::Short('n') | Opt::Long("dry-run") => wanted.choose(Choice::Try)?,
            Opt::Short('l') | Opt::Long("list") => wanted.choose(Choice::List)?,
            Opt::Long("tree") => wanted.choose(Choice::Tree)?,
            Opt::Long("json") => wanted.choose(Choice::Json)?,
            Opt::Short('0') | Opt::Long("null") => wanted.null = true,
            Opt::Long("directories") => wanted.directories = true,
            _ => return Err(args.unrecognized(option)),
        }
    }
    let mut plan =
        Plan { source, verbose, how, extras, locales, files, etc, ..plan(&wanted, args.operands()?)? };
    task::check(&mut plan)?;
    if plan.programs.is_empty() && plan.files.is_empty() && !plan.etc {
        let does = if matches!(plan.task, Task::Print(_)) { "show" } else { "copy" };
        return Err(Error::usage(format!("no PROGRAM to {does}")));
    }
    Ok(plan)
}

/// The value of the option just read. An empty one is a variable that is not set, and would mean the host's root or
/// the current directory.
fn directory(args: &mut Args, option: &str) -> Result<OsString> {
    let value = args.value()?;
    if value.is_empty() { Err(Error::usage(format!("{option}: '' is no directory"))) } else { Ok(value) }
}

/// Takes the operands apart: `DIR PROGRAM... [-- NEXT [ARG]...]`; without DIR where something is printed.
fn plan(wanted: &Wanted, operands: Vec<OsString>) -> Result<Plan> {
    let mut operands = operands.into_iter();
    let task = wanted.task(&mut operands)?;
    let first = if matches!(task, Task::Print(_)) { "PROGRAM" } else { "DIR" };
    let mut programs: Vec<OsString> = Vec::new();
    let mut next: Option<Vec<OsString>> = None;
    for word in operands {
        match &mut next {
            Some(next) => next.push(word),
            None if word == "--" => next = Some(Vec::new()),
            None if word.as_bytes().starts_with(b"-") => {
                let word = hc::show(&word);
                return Err(Error::usage(format!(
                    "{word}: options come before {first} (and a program of that name is ./{word})"
                )));
            }
            None => programs.push(word),
        }
    }
    if next.as_ref().is_some_and(Vec::is_empty) {
        return Err(Error::usage("no NEXT after --"));
    }
    Ok(Plan {
        source: Source::default(),
        verbose: false,
        how: How::default(),
        extras: Extras::default(),
        locales: Vec::new(),
        files: Vec::new(),
        etc: false,
        task,
        programs,
        next,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Plan> {
        parse(Args::new(words.iter().map(OsString::from).collect::<Vec<_>>()))
    }

    fn error(words: &[&str]) -> String {
        parsed(words).unwrap_err().to_string()
    }

    fn words(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    #[test]
    fn programs_end_at_the_double_dash() {
        let plan = parsed(&["-v", "d", "a", "b", "--", "n", "--", "-x"]).unwrap();
        let expected = Plan {
            source: Source::default(),
            verbose: true,
            how: How::default(),
            extras: Extras { dlopen: Some(Priority::Recommended), nss: false, gconv: false },
            locales: Vec::new(),
            files: Vec::new(),
            etc: false,
            task: Task::Copy("d".into()),
            programs: words(&["a", "b"]),
            next: Some(words(&["n", "--", "-x"])),
        };
        assert_eq!(plan, expected);
        assert_eq!(parsed(&["--", "-d", "a"]).unwrap().task, Task::Copy("-d".into()));
        assert_eq!(parsed(&["d", "a"]).unwrap().next, None);
    }

    #[test]
    fn extras_are_counted_up() {
        let words = ["--dlopen=none", "--nss", "--gconv", "--locale", "a", "--locale=b", "d", "p"];
        let plan = parsed(&words).unwrap();
        assert_eq!(plan.extras, Extras { dlopen: None, nss: true, gconv: true });
        assert_eq!(plan.locales, ["a", "b"]);
        for priority in Priority::ALL {
            let plan = parsed(&[&format!("--dlopen={}", priority.name()), "d", "p"]).unwrap();
            assert_eq!(plan.extras.dlopen, Some(priority));
        }
        assert_eq!(
            error(&["--dlopen=all", "d", "p"]),
            "--dlopen 'all': not one of required, recommended, suggested, none"
        );
    }

    #[test]
    fn where_everything_comes_from() {
        let plan = parsed(&["--sysroot=r", "-L", "a", "--library-path=b:c", "-Ld", "box", "p"]).unwrap();
        let expected = Source { sysroot: Some("r".into()), library_path: words(&["a", "b:c", "d"]) };
        assert_eq!(plan.source, expected);
        assert_eq!(error(&["--sysroot=", "d", "a"]), "--sysroot: '' is no directory");
        assert_eq!(error(&["-L", "", "d", "a"]), "-L: '' is no directory");
    }

    #[test]
    fn what_is_left_out_is_said() {
        assert_eq!(error(&[]), "no DIR to copy to");
        assert_eq!(error(&["d"]), "no PROGRAM to copy");
        assert_eq!(error(&["d", "--", "n"]), "no PROGRAM to copy");
        assert_eq!(error(&["d", "a", "--"]), "no NEXT after --");
        assert_eq!(
            error(&["d", "-v", "a"]),
            "-v: options come before DIR (and a program of that name is ./-v)"
        );
    }
}
