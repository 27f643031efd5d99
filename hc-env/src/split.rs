//! The language of -S: one string, as a `#!` line hands it over, becomes words.

use crate::trace::Trace;
use crate::values::Values;
use hc::{Error, Result};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// White space of the C locale: what separates words.
pub(crate) const SPACES: &[u8] = b" \t\n\x0b\x0c\r";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Quote {
    None,
    Single,
    Double,
}

/// Splits `text` as env(1) of GNU does. `${NAME}` stands for what it has in `values`, and is not split again; unset, it is nothing at all.
pub(crate) fn split(text: &OsStr, values: &Values<'_>, trace: &mut Trace) -> Result<Vec<OsString>> {
    let mut words = Words { list: Vec::new(), at_start: true };
    scan(text.as_bytes(), values, &mut words, trace)?;
    if let Some((first, others)) = words.list.split_first() {
        trace.quoted("split -S:  ", text.as_bytes());
        trace.quoted(" into:    ", first);
        for word in others {
            trace.quoted("     &    ", word);
        }
    }
    Ok(words.list.into_iter().map(OsString::from_vec).collect())
}

/// Those found so far.
struct Words {
    list: Vec<Vec<u8>>,
    /// What comes next begins a new one.
    at_start: bool,
}

impl Words {
    /// The word that is being read. It exists once something of it was seen, be it an empty pair of quotes.
    fn current(&mut self) -> Option<&mut Vec<u8>> {
        if std::mem::take(&mut self.at_start) {
            self.list.push(Vec::new());
        }
        self.list.last_mut()
    }

    fn add(&mut self, bytes: &[u8]) {
        if let Some(word) = self.current() {
            word.extend_from_slice(bytes);
        }
    }
}

fn scan(text: &[u8], values: &Values<'_>, words: &mut Words, trace: &mut Trace) -> Result<()> {
    let mut quote = Quote::None;
    let mut left = text;
    while let Some((&byte, after)) = left.split_first() {
        let here = left;
        left = after;
        match (byte, quote) {
            (b'\'', Quote::None) => quote = open(words, Quote::Single),
            (b'"', Quote::None) => quote = open(words, Quote::Double),
            (b'\'', Quote::Single) | (b'"', Quote::Double) => quote = Quote::None,
            (b'#', Quote::None) if words.at_start => return Ok(()),
            (byte, Quote::None) if SPACES.contains(&byte) => words.at_start = true,
            (b'\\', Quote::Single) if !matches!(after.first(), Some(b'\\' | b'\'')) => words.add(b"\\"),
            (b'\\', _) => {
                let Some((&escaped, after)) = after.split_first() else {
                    return Err(Error::new("invalid backslash at end of string in -S"));
                };
                left = after;
                match escape(escaped, quote)? {
                    Escape::Byte(byte) => words.add(&[byte]),
                    Escape::Separator => words.at_start = true,
                    Escape::End => return Ok(()),
                }
            }
            (b'$', Quote::None | Quote::Double) => left = expand(here, values, words, trace)?,
            (byte, _) => words.add(&[byte]),
        }
    }
    if quote == Quote::None { Ok(()) } else { Err(Error::new("no terminating quote in -S string")) }
}

fn open(words: &mut Words, quote: Quote) -> Quote {
    words.current();
    quote
}

/// What a backslash and the byte after it mean.
enum Escape {
    Byte(u8),
    Separator,
    /// Nothing of the rest counts.
    End,
}

fn escape(escaped: u8, quote: Quote) -> Result<Escape> {
    Ok(Escape::Byte(match (escaped, quote) {
        (b'"' | b'#' | b'$' | b'\'' | b'\\', _) => escaped,
        (b'f', _) => b'\x0c',
        (b'n', _) => b'\n',
        (b'r', _) => b'\r',
        (b't', _) => b'\t',
        (b'v', _) => b'\x0b',
        (b'_', Quote::Double) => b' ',
        (b'_', _) => return Ok(Escape::Separator),
        (b'c', Quote::Double) => {
            return Err(Error::new("'\\c' must not appear in double-quoted -S string"));
        }
        (b'c', _) => return Ok(Escape::End),
        _ => {
            let shown = hc::show(OsStr::from_bytes(&[escaped])).to_string();
            return Err(Error::new(format!("invalid sequence '\\{shown}' in -S")));
        }
    }))
}

/// Adds the value of the `${NAME}` that `text` begins with, and returns what comes after it.
fn expand<'a>(text: &'a [u8], values: &Values<'_>, words: &mut Words, trace: &mut Trace) -> Result<&'a [u8]> {
    let Some((name, after)) = variable(text) else {
        let place = hc::show(OsStr::from_bytes(text)).to_string();
        return Err(Error::new(format!("only ${{VARNAME}} expansion is supported, error at: {place}")));
    };
    if let Some(value) = values.get(name) {
        words.add(value);
        trace.quoted(&format!("expanding ${{{}}} into ", String::from_utf8_lossy(name)), value);
    } else {
        trace.line(&[b"replacing ${", name, b"} with null string"]);
    }
    Ok(after)
}

/// The name in `${NAME}` and what comes after it: a letter or `_`, then letters, digits and `_`.
fn variable(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inside = text.strip_prefix(b"${")?;
    let end = inside.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')?;
    let (name, after) = inside.split_at_checked(end)?;
    let first = name.first()?;
    (!first.is_ascii_digit()).then_some((name, after.strip_prefix(b"}")?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hc::Environ;

    fn environ() -> Environ {
        [c"A=1 2".to_owned(), c"EMPTY=".to_owned(), c"_x1=y".to_owned()].into_iter().collect()
    }

    fn words(text: &str) -> Vec<String> {
        let words = split(text.as_ref(), &Values::of(&environ()), &mut Trace::default()).unwrap();
        words.into_iter().map(|word| word.into_string().unwrap()).collect()
    }

    fn error(text: &str) -> String {
        split(text.as_ref(), &Values::of(&environ()), &mut Trace::default()).unwrap_err().to_string()
    }

    #[test]
    fn white_space_separates_and_quotes_join() {
        assert_eq!(words(" a\tb\n\u{b}\u{c}\rc "), ["a", "b", "c"]);
        assert_eq!(
            words("'a b'c\"d e\" '' \"\""),
            ["a bc\"d e\"".replace('"', ""), String::new(), String::new()]
        );
        assert_eq!(words("\"it's\" 'say \"x\"'"), ["it's", "say \"x\""]);
        assert!(words("").is_empty() && words(" \t").is_empty());
    }

    #[test]
    fn escapes_depend_on_the_quotes() {
        assert_eq!(words(r"\f\n\r\t\v\#\$\'\\x"), ["\u{c}\n\r\t\u{b}#$'\\x"]);
        assert_eq!(words(r#""\n\"\'\_" '\n\\\'\_\c'"#), ["\n\"' ", r"\n\'\_\c"]);
        assert_eq!(words(r"a\_b \_\_ c"), ["a", "b", "c"]);
        assert_eq!(words(r"a\cb 'c"), ["a"]);
        assert_eq!(words(r"a \cb"), ["a"]);
    }

    #[test]
    fn a_comment_begins_where_a_word_would() {
        assert_eq!(words("a#b #c 'd"), ["a#b"]);
        assert_eq!(words(r"''#a \#b \_#c"), ["#a", "#b"]);
        assert_eq!(words("\n#a\nb"), [""; 0]);
    }

    #[test]
    fn values_are_not_split_and_what_is_unset_is_nothing() {
        assert_eq!(words("${A} x${A}y ${_x1}"), ["1 2", "x1 2y", "y"]);
        assert_eq!(words("${NO} ${EMPTY} '' \"${NO}\" '${A}'"), ["", "", "", "${A}"]);
        assert_eq!(words("a${NO} ${NO}b"), ["a", "b"]);
        assert_eq!(words("${NO}#a"), [""; 0]);
    }

    #[test]
    fn each_error_has_its_words() {
        assert_eq!(error(r#""a\cb""#), r"'\c' must not appear in double-quoted -S string");
        assert_eq!(error("a\\"), "invalid backslash at end of string in -S");
        assert_eq!(error(r"a\qb"), r"invalid sequence '\q' in -S");
        for open in ["'a", "\"a", "'", "a\"'"] {
            assert_eq!(error(open), "no terminating quote in -S string");
        }
        for bad in ["$A b", "${A", "${}", "${1A}", "${A-x}", "$", "${A b}", "${\u{e9}}"] {
            let expected = format!("only ${{VARNAME}} expansion is supported, error at: {bad}");
            assert_eq!(error(&format!("x {bad}")), expected);
        }
    }
}
