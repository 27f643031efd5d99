//! Ways out. Each is first gone under the line of the post, where it has to lead out, or nothing is shown by its being
//! closed; and then in a jail. As root, and as a user.

mod devices;
mod files;
mod kernel;
mod keys;
mod open;
mod processes;
mod terminal;
mod way_out;

use super::{Who, cell};
use crate::unshare::Root;
use hc_tests::{Cmd, find};

/// An attack by hc-attack: how it is led, and by which words.
struct Attack<'a> {
    cell: &'a Root,
    words: Vec<String>,
    /// Of the line of the post, for root and for a user.
    naive: [&'a str; 2],
    /// Further options of the jail.
    options: &'a [&'a str],
    /// The program that starts either line, and its words.
    before: Vec<String>,
    /// What else is inherited.
    start: Box<dyn Fn(Cmd) -> Cmd + 'a>,
}

/// The post's line, with unshare(1)'s own way to change the root in the place of chroot(1).
const POST: [&str; 2] = ["-fpium --mount-proc", "-rfpium --mount-proc"];

impl<'a> Attack<'a> {
    fn new(cell: &'a Root, words: &[&str]) -> Self {
        Attack {
            cell,
            words: words.iter().map(|&word| word.to_owned()).collect(),
            naive: POST,
            options: &[],
            before: Vec::new(),
            start: Box::new(|cmd| cmd),
        }
    }

    fn naive(mut self, root: &'a str, nobody: &'a str) -> Self {
        self.naive = [root, nobody];
        self
    }

    fn options(mut self, options: &'a [&'a str]) -> Self {
        self.options = options;
        self
    }

    fn before(mut self, words: &[&str]) -> Self {
        self.before = words.iter().map(|&word| word.to_owned()).collect();
        self
    }

    fn start(mut self, start: impl Fn(Cmd) -> Cmd + 'a) -> Self {
        self.start = Box::new(start);
        self
    }

    /// Under the line of the post: what hc-attack says, or one of several with `|` between them, which differ from
    /// kernel to kernel.
    #[track_caller]
    fn leads(self, root: &str, nobody: &str) -> Self {
        for (who, expected) in [(Who::Root, root), (Who::Nobody, nobody)] {
            self.expect(who, &self.naive_line(who), expected);
        }
        self
    }

    /// In a jail, for both.
    #[track_caller]
    fn closed_by(self, expected: &str) {
        for who in Who::ALL {
            self.expect(who, &self.jail_line(), expected);
        }
    }

    fn naive_line(&self, who: Who) -> Vec<String> {
        let original = find("unshare".as_ref()).expect("unshare(1)").display().to_string();
        let [root, nobody] = self.naive;
        let options = if who == Who::Root { root } else { nobody };
        let mut line = vec![original];
        line.extend(options.split_whitespace().map(str::to_owned));
        line
    }

    fn jail_line(&self) -> Vec<String> {
        let mut line = vec![hc_tests::tool("hc-unshare").display().to_string(), "--jail".to_owned()];
        line.extend(self.options.iter().map(|&option| option.to_owned()));
        line
    }

    #[track_caller]
    fn expect(&self, who: Who, line: &[String], expected: &str) {
        let rest = [self.cell.option("--root"), "/hc-attack".to_owned()];
        let whole: Vec<&String> = self.before.iter().chain(line).chain(&rest).chain(&self.words).collect();
        let said = heard(who.starts((self.start)(Cmd::line(&whole))));
        assert!(
            expected.split('|').any(|one| one == said),
            "{who:?}: expected {expected}, not {said}: {whole:?}"
        );
    }
}

/// The one line that hc-attack says.
#[track_caller]
fn heard(line: Cmd) -> String {
    let output = line.run();
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let status = i32::from(text != "works");
    output.exits(status).quiet();
    assert!(!text.contains('\n') && !text.is_empty(), "expected one line: {text:?}");
    text
}
