//! Who needs whom, as a tree.

use crate::host::Id;
use crate::programs::{Closure, Link, Why};
use hc::show;
use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;

const BOLD: &str = "\x1b[1m";
const FAINT: &str = "\x1b[2m";
const CYAN: &str = "\x1b[36m";
const PLAIN: &str = "\x1b[m";

/// Deeper lines are no further to the right: libraries can need each other in a row of thousands.
const MAX_INDENT: usize = 32;

/// A file of the tree: on whose behalf it is there, and the first of the names that it has.
type Node = (usize, usize);

/// A file, and below it, indented, those that it needs, which are shown in full the first time only.
pub(super) fn tree(closure: &Closure, coloured: bool) -> Vec<u8> {
    let mut first: HashMap<Id, usize> = HashMap::new();
    let files = closure.files.iter().enumerate();
    let firsts = files.map(|(place, file)| *first.entry(file.id).or_insert(place)).collect();
    let mut tree =
        Tree { closure, coloured, firsts, below: HashMap::new(), shown: HashSet::new(), text: String::new() };
    for link in &closure.links {
        tree.below.entry(tree.node(link.on_behalf_of, link.needer)).or_default().push(link);
    }
    for &program in closure.programs.iter().chain(&closure.locales) {
        tree.draw(program);
    }
    tree.text.into_bytes()
}

struct Tree<'a> {
    closure: &'a Closure,
    coloured: bool,
    /// For each file the first that is the same.
    firsts: Vec<usize>,
    /// What each file needs, in its order.
    below: HashMap<Node, Vec<&'a Link>>,
    shown: HashSet<Node>,
    text: String,
}

impl<'a> Tree<'a> {
    fn draw(&mut self, program: usize) {
        let (bold, plain) = self.colours(BOLD);
        let name = self.name(program);
        let _ = writeln!(self.text, "{bold}{name}{plain}");
        let mut todo: Vec<(usize, &'a Link)> = Vec::new();
        self.push_below(self.node(program, program), 1, &mut todo);
        while let Some((depth, link)) = todo.pop() {
            let node = match link.why {
                Why::Object(_) | Why::Config => self.node(link.on_behalf_of, link.file),
                // A program of its own.
                Why::Interpreter | Why::ByEnv => self.node(link.file, link.file),
            };
            let again = !self.shown.insert(node);
            self.line(depth, link, again);
            if !again {
                self.push_below(node, depth + 1, &mut todo);
            }
        }
    }

    fn node(&self, on_behalf_of: usize, file: usize) -> Node {
        (on_behalf_of, self.firsts.get(file).copied().unwrap_or(file))
    }

    fn push_below(&self, node: Node, depth: usize, todo: &mut Vec<(usize, &'a Link)>) {
        let links = self.below.get(&node).map(Vec::as_slice).unwrap_or_default();
        todo.extend(links.iter().rev().map(|link| (depth, *link)));
    }

    fn line(&mut self, depth: usize, link: &Link, again: bool) {
        let (faint, plain) = self.colours(if again { FAINT } else { "" });
        let (cyan, uncoloured) = self.colours(if again { "" } else { CYAN });
        let indent = "    ".repeat(depth.min(MAX_INDENT));
        let (asked, name) = (show(OsStr::from_bytes(&link.name)).to_string(), self.name(link.file));
        let arrow = if asked == name { String::new() } else { format!("{asked} => ") };
        let above = if again { " (above)" } else { "" };
        let why = link.why.word();
        let _ = writeln!(self.text, "{indent}{faint}{arrow}{name} {cyan}[{why}]{uncoloured}{above}{plain}");
    }

    fn name(&self, file: usize) -> String {
        self.closure.files.get(file).map(|file| show(&file.name).to_string()).unwrap_or_default()
    }

    /// What begins with `code`, and what ends it.
    fn colours(&self, code: &'static str) -> (&'static str, &'static str) {
        if self.coloured && !code.is_empty() { (code, PLAIN) } else { ("", "") }
    }
}
