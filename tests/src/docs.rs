//! What is said about a tool, in its three places: the manual page, the help text, the parser.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A file of the project, by its path in the tree; the tree itself by an empty one.
pub fn file(path: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(path)
}

/// The text of such a file.
#[track_caller]
pub fn text(path: &str) -> String {
    std::fs::read_to_string(file(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The text of all source files in such a directory and below it.
#[track_caller]
pub fn sources(directory: &str) -> String {
    let entries = std::fs::read_dir(file(directory)).unwrap_or_else(|error| panic!("{directory}: {error}"));
    let mut names: Vec<_> = entries.flatten().collect();
    names.sort_by_key(std::fs::DirEntry::file_name);
    let mut texts = String::new();
    for entry in names {
        let name = format!("{directory}/{}", entry.file_name().display());
        if entry.path().is_dir() {
            texts += &sources(&name);
        } else if entry.path().extension().is_some_and(|kind| kind == "rs") {
            texts += &text(&name);
        }
    }
    texts
}

/// Every manual page, by its path in the tree.
pub fn pages() -> Vec<String> {
    let entries = std::fs::read_dir(file("man")).expect("man/").flatten();
    let files = entries.filter(|entry| entry.path().is_file());
    let mut names: Vec<String> =
        files.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names.into_iter().map(|name| format!("man/{name}")).collect()
}

/// The options that an mdoc page describes: those that head an item of a list.
pub fn options_of_page(page: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for item in page.lines().filter_map(|line| line.strip_prefix(".It Fl ")) {
        let mut words = std::iter::once("Fl").chain(item.split(' '));
        while let Some(word) = words.next() {
            if word == "Fl"
                && let Some(name) = words.next()
            {
                found.insert(format!("-{name}"));
            }
        }
    }
    found
}

/// The options in a help text: the first column of each line that begins with one.
pub fn options_of_help(help: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in help.lines().map(str::trim_start).filter(|line| line.starts_with('-')) {
        let column = line.split("  ").next().unwrap_or_default();
        for word in column.split([' ', ',', '=', '[']).filter(|word| word.len() > 1 && word.starts_with('-'))
        {
            found.insert(word.to_owned());
        }
    }
    found
}

/// The options in the arms of a parser's `match`. Its tests are in a file of their own, or at the end.
pub fn options_of_parser(source: &str) -> BTreeSet<String> {
    let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let after = |text: &str| source.split(text).skip(1).map(str::to_owned).collect::<Vec<_>>();
    let short =
        after("Opt::Short('").into_iter().filter_map(|rest| Some(format!("-{}", rest.split_once('\'')?.0)));
    let long =
        after("Opt::Long(\"").into_iter().filter_map(|rest| Some(format!("--{}", rest.split_once('"')?.0)));
    short.chain(long).collect()
}

/// One command of an example, and what it prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// It was shown with root's prompt.
    pub root: bool,
    /// What is typed.
    pub command: String,
    /// What the terminal then shows, standard error included.
    pub shown: String,
}

/// The commands in the literal blocks of the named sections of an mdoc page, block by block.
pub fn examples(page: &str, sections: &[&str]) -> Vec<Vec<Step>> {
    let (mut blocks, mut wanted, mut block) = (Vec::new(), false, None::<Vec<&str>>);
    for line in page.lines() {
        if let Some(section) = line.strip_prefix(".Sh ") {
            wanted = sections.contains(&section);
        } else if line.starts_with(".Bd -literal") && wanted {
            block = Some(Vec::new());
        } else if line == ".Ed" {
            blocks.extend(block.take().map(|lines| steps(&lines)));
        } else if let Some(lines) = &mut block {
            lines.push(line);
        }
    }
    blocks
}

/// A command goes on after a backslash, and while a quote is open.
fn steps(lines: &[&str]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut open = false;
    for line in lines {
        let line = line.replace("\\e", "\\").replace("\\-", "-").replace("\\&", "");
        if open && let Some(step) = steps.last_mut() {
            step.command.push('\n');
            step.command.push_str(&line);
        } else if let Some((root, command)) = prompt(&line) {
            steps.push(Step { root, command: command.to_owned(), shown: String::new() });
        } else if let Some(step) = steps.last_mut() {
            step.shown.push_str(&line);
            step.shown.push('\n');
            continue;
        }
        open = steps.last().is_some_and(|step| is_unfinished(&step.command));
    }
    steps
}

fn prompt(line: &str) -> Option<(bool, &str)> {
    let root = line.strip_prefix("# ").map(|command| (true, command));
    root.or_else(|| line.strip_prefix("$ ").map(|command| (false, command)))
}

/// True when a shell would read on: a quote is open, or the line ends in a backslash.
fn is_unfinished(command: &str) -> bool {
    let (mut quote, mut escaped) = (None, false);
    for byte in command.bytes() {
        match (byte, quote) {
            _ if escaped => escaped = false,
            (b'\\', None | Some(b'"')) => escaped = true,
            (b'\'' | b'"', None) => quote = Some(byte),
            (byte, Some(open)) if byte == open => quote = None,
            _ => {}
        }
    }
    quote.is_some() || escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(words: &[&str]) -> BTreeSet<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn options_are_found_in_all_three_places() {
        let page =
            ".It Fl u Ar name , Fl -unset Ns = Ns Ar name\n.It Fl -mount-proc Ns Op = Ns Ar dir\n.Fl x\n";
        assert_eq!(options_of_page(page), set(&["-u", "--unset", "--mount-proc"]));
        let help = "Usage: x [-]\n  -u, --unset=NAME   remove --all\n      --mount-proc[=DIR]  x\n  - y\n";
        assert_eq!(options_of_help(help), set(&["-u", "--unset", "--mount-proc"]));
        let parser = "#[cfg(test)]\nmod tests;\nOpt::Short('u') | Opt::Long(\"unset\") => 1,\n\
                      #[cfg(test)]\nmod tests {\nOpt::Short('z')";
        assert_eq!(options_of_parser(parser), set(&["-u", "--unset"]));
    }

    #[test]
    fn a_command_goes_on_as_a_shell_reads_it() {
        for whole in ["echo", "echo \"it's\"", "echo 'a' \\'", "x \"a\\\"b\""] {
            assert!(!is_unfinished(whole), "{whole}");
        }
        for part in ["echo \\", "echo 'a", "echo \"a'b'", "echo it's"] {
            assert!(is_unfinished(part), "{part}");
        }
    }

    #[test]
    fn an_example_is_commands_and_what_they_show() {
        let page = ".Sh EXAMPLES\n.Bd -literal -offset indent\n# a \\e\n  b\nout\n$ c 'x\n$ y'\n.Ed\n.Sh OTHER\n.Bd -literal\n$ d\n.Ed\n";
        let step =
            |root, command: &str, shown: &str| Step { root, command: command.into(), shown: shown.into() };
        assert_eq!(
            examples(page, &["EXAMPLES"]),
            [[step(true, "a \\\n  b", "out\n"), step(false, "c 'x\n$ y'", "")]]
        );
    }
}
