//! What `--readme` writes: the tables in `tests/bench/README.md`, each in its place, and the plots beside it.

use crate::{plot, table};
use hc_tests::docs;
use std::fs;
use std::path::PathBuf;

const FILE: &str = "tests/bench/README.md";

/// The file, of which parts are replaced.
pub(crate) struct Readme {
    text: String,
}

impl Readme {
    pub(crate) fn read() -> Self {
        Readme { text: docs::text(FILE) }
    }

    /// Puts `text` where that of this name is.
    pub(crate) fn put(&mut self, name: &str, text: &str) {
        let Some(text) = replaced(&self.text, name, text) else {
            panic!("{FILE}: has no place for {name}, between '{}' and '{END}'", begin(name));
        };
        self.text = text;
        fs::write(docs::file(FILE), &self.text).expect(FILE);
    }
}

/// The end of each place.
const END: &str = "<!-- end -->";

fn begin(name: &str) -> String {
    format!("<!-- hc-bench {name} -->")
}

/// The text with another one in the place of that name, if it is there.
fn replaced(text: &str, name: &str, new: &str) -> Option<String> {
    let begin = begin(name);
    let (before, rest) = text.split_once(&begin)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{begin}\n\n{}\n\n{END}{after}", new.trim()))
}

/// The plot of a part, if there is one of it.
pub(crate) fn write_plot(part: &str, rows: &[table::Row]) {
    let text = match part {
        "start" => plot::latency("A static program in a root directory that is there already", rows),
        "run" => plot::latency("A container of a static program, from the command line to its end", rows),
        "growth" => plot::growth(rows),
        _ => return,
    };
    let file = file(part);
    fs::write(&file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}

fn file(part: &str) -> PathBuf {
    docs::file("tests/bench").join(format!("{part}.svg"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_in_its_place_is_replaced() {
        let text = "a\n<!-- hc-bench x -->\nold\n<!-- end -->\nb\n<!-- hc-bench y -->\n<!-- end -->\n";
        let new = "a\n<!-- hc-bench x -->\n\nnew\n\n<!-- end -->\nb\n<!-- hc-bench y -->\n<!-- end -->\n";
        assert_eq!(replaced(text, "x", "\nnew\n").as_deref(), Some(new));
        assert_eq!(replaced(new, "x", "new").as_deref(), Some(new));
        assert_eq!(replaced(text, "z", "new"), None);
    }

    #[test]
    fn there_is_a_place_for_every_part() {
        let readme = Readme::read();
        for name in crate::PARTS.iter().map(|(name, _)| *name).chain(["machine"]) {
            assert!(replaced(&readme.text, name, "").is_some(), "{name}");
        }
    }
}
