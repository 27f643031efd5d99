//! The command line of hc-run(1), as values.

use hc::{Args, Error, Opt, Result};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

const HELP: &str = "\
Usage: hc-run [OPTION]... PROGRAM [ARG]...
Run PROGRAM of this machine in a container that holds it and what it needs.

      --name=NAME   keep the root directory, as /ns/NAME or in your home
      --root=DIR    keep the root directory, as DIR
      --print       print the chain of tools that does it, and do nothing
  -h, --help        show this help
  -V, --version     show the version

See hc-run(1).
";

const LONGS: &[&str] = &["name", "root", "print", "help", "version"];

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Where the root directory goes.
    pub(crate) storage: Storage,
    /// Show the chain instead of running it.
    pub(crate) print: bool,
    /// The program and its arguments; never empty.
    pub(crate) argv: Vec<OsString>,
}

/// Where the root directory goes, as far as the command line says it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Storage {
    /// Nowhere: it ends with the container.
    Ephemeral,
    /// In the place for containers of that name.
    Named(OsString),
    /// There.
    At(OsString),
}

/// Reads the command line. Touches nothing.
pub(crate) fn parse(mut args: Args) -> Result<Plan> {
    let (mut name, mut root, mut print) = (None, None, false);
    while let Some(option) = args.next(LONGS)? {
        match option {
            Opt::Long("name") => name = Some(args.value()?),
            Opt::Long("root") => root = Some(args.value()?),
            Opt::Long("print") => print = true,
            Opt::Short('h') | Opt::Long("help") => return Err(Error::answer(HELP)),
            Opt::Short('V') | Opt::Long("version") => {
                return Err(Error::version("hc-run", env!("CARGO_PKG_VERSION")));
            }
            _ => return Err(args.unrecognized(option)),
        }
    }
    let storage = match (name, root) {
        (None, None) => Storage::Ephemeral,
        (Some(name), None) => Storage::Named(checked(name)?),
        (None, Some(root)) if root.is_empty() => {
            return Err(Error::usage("--root: an empty name is no directory"));
        }
        (None, Some(root)) => Storage::At(root),
        (Some(_), Some(_)) => return Err(Error::usage("--name and --root exclude each other")),
    };
    let argv = args.operands()?;
    if argv.is_empty() {
        return Err(Error::usage("no program to run"));
    }
    Ok(Plan { storage, print, argv })
}

/// A name becomes one directory in a directory of them, no more.
fn checked(name: OsString) -> Result<OsString> {
    const MAX_NAME: usize = 255;
    let shown = hc::show(&name).to_string();
    match name.as_bytes() {
        b"" => Err(Error::usage("--name: an empty name is no name")),
        b"." | b".." => Err(Error::usage(format!("--name: '{shown}' is no name"))),
        bytes if bytes.contains(&b'/') => {
            Err(Error::usage(format!("--name: '{shown}' has a slash (--root takes a directory)")))
        }
        bytes if bytes.len() > MAX_NAME => Err(Error::usage("--name: longer than 255 bytes")),
        _ => Ok(name),
    }
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

    #[test]
    fn the_program_s_options_are_its_own() {
        let plan = parsed(&["--print", "echo", "--name=x", "--"]).unwrap();
        let argv = ["echo", "--name=x", "--"].map(OsString::from).to_vec();
        assert_eq!(plan, Plan { storage: Storage::Ephemeral, print: true, argv });
    }

    #[test]
    fn storage_is_named_or_given() {
        assert_eq!(parsed(&["--name=a", "x"]).unwrap().storage, Storage::Named("a".into()));
        assert_eq!(parsed(&["--root", "/r", "x"]).unwrap().storage, Storage::At("/r".into()));
        assert_eq!(error(&["--root=/r", "--name=a", "x"]), "--name and --root exclude each other");
    }

    #[test]
    fn a_name_is_one_directory() {
        for name in ["", ".", "..", "a/b", "/", &"n".repeat(256)] {
            assert!(error(&["--name", name, "x"]).starts_with("--name: "), "{name}");
        }
        assert!(parsed(&["--name", &"n".repeat(255), "x"]).is_ok());
    }

    #[test]
    fn a_program_is_needed() {
        assert_eq!(error(&[]), "no program to run");
        assert_eq!(error(&["--print", "--"]), "no program to run");
    }
}
