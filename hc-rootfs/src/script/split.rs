//! The language of env(1)'s -S, where no variable counts: which words a string becomes.

/// A word, as far as it can be told from the line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Word {
    Known(Vec<u8>),
    /// There are variables in it, behind these bytes. It may not even be one word: where nothing else is in it and
    /// none of them is set, there is none.
    Open(Vec<u8>),
}

impl Word {
    pub(super) fn known(&self) -> Option<&[u8]> {
        match self {
            Word::Known(bytes) => Some(bytes),
            Word::Open(_) => None,
        }
    }

    /// The name that it assigns to, if it is an assignment whatever its variables are.
    pub(super) fn assigned(&self) -> Option<&[u8]> {
        let bytes = match self {
            Word::Known(bytes) => bytes,
            // An option's value may be open, too.
            Word::Open(start) => Some(start).filter(|start| !start.starts_with(b"-"))?,
        };
        bytes.get(..bytes.iter().position(|&byte| byte == b'=')?)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Quote {
    None,
    Single,
    Double,
}

/// The words so far.
#[derive(Default)]
struct Words {
    list: Vec<Word>,
    /// The next byte belongs to the last of them.
    within: bool,
}

impl Words {
    fn last(&mut self) -> Option<&mut Word> {
        if !std::mem::replace(&mut self.within, true) {
            self.list.push(Word::Known(Vec::new()));
        }
        self.list.last_mut()
    }

    fn add(&mut self, byte: u8) {
        // What comes after a variable is as open as that.
        if let Some(Word::Known(bytes)) = self.last() {
            bytes.push(byte);
        }
    }

    fn open(&mut self) {
        if let Some(last) = self.last()
            && let Word::Known(bytes) = last
        {
            *last = Word::Open(std::mem::take(bytes));
        }
    }
}

/// The words of `text`; `None` where env would fail.
pub(super) fn split(text: &[u8]) -> Option<Vec<Word>> {
    let (mut words, mut quote, mut left) = (Words::default(), Quote::None, text);
    while let Some((&byte, after)) = left.split_first() {
        left = after;
        match (byte, quote) {
            (b'\'', Quote::Single) | (b'"', Quote::Double) => quote = Quote::None,
            (b'\'' | b'"', Quote::None) => {
                words.last();
                quote = if byte == b'"' { Quote::Double } else { Quote::Single };
            }
            (b'#', Quote::None) if !words.within => return Some(words.list),
            (b' ' | b'\t' | b'\n' | b'\x0b' | b'\x0c' | b'\r', Quote::None) => words.within = false,
            (b'\\', Quote::Single) if !matches!(after.first(), Some(b'\\' | b'\'')) => words.add(byte),
            (b'\\', _) => {
                let (&escaped, after) = after.split_first()?;
                left = after;
                match (escaped, quote) {
                    (b'c', Quote::None) => return Some(words.list),
                    (b'_', Quote::None) => words.within = false,
                    _ => words.add(escape(escaped, quote)?),
                }
            }
            (b'$', Quote::None | Quote::Double) => {
                left = after_variable(after)?;
                words.open();
            }
            _ => words.add(byte),
        }
    }
    (quote == Quote::None).then_some(words.list)
}

/// The byte that a backslash and `escaped` mean.
fn escape(escaped: u8, quote: Quote) -> Option<u8> {
    Some(match escaped {
        b'"' | b'#' | b'$' | b'\'' | b'\\' => escaped,
        b'f' => b'\x0c',
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => b'\x0b',
        b'_' if quote == Quote::Double => b' ',
        _ => return None,
    })
}

/// What comes after `{NAME}`.
fn after_variable(text: &[u8]) -> Option<&[u8]> {
    let inside = text.strip_prefix(b"{")?;
    let end = inside.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')?;
    let (name, after) = inside.split_at_checked(end)?;
    name.first().filter(|first| !first.is_ascii_digit())?;
    after.strip_prefix(b"}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Option<Vec<String>> {
        let shown = |word: Word| match word {
            Word::Known(bytes) => String::from_utf8(bytes).unwrap(),
            Word::Open(bytes) => format!("{}...", String::from_utf8(bytes).unwrap()),
        };
        split(text.as_bytes()).map(|words| words.into_iter().map(shown).collect())
    }

    #[test]
    fn words_are_those_of_env() {
        for (text, expected) in [
            (" a\tb\n\u{b}c ", &["a", "b", "c"][..]),
            ("\"it's\" 'say \"x\"' ''", &["it's", "say \"x\"", ""]),
            (r"\f\n\r\t\v\#\$\'\\x", &["\u{c}\n\r\t\u{b}#$'\\x"]),
            (r#""\n\"\'\_" '\n\\\'\_\c'"#, &["\n\"' ", r"\n\'\_\c"]),
            (r"a\_b \_\_ c", &["a", "b", "c"]),
            (r"a\cb 'c", &["a"]),
            ("a#b #c 'd", &["a#b"]),
            ("x${A}y A=${_b1}c '${A}'", &["x...", "A=...", "${A}"]),
        ] {
            let expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
            assert_eq!(words(text), Some(expected), "{text}");
        }
        for text in ["a\\", r"a\q", "'", "\"", r#""\c""#, "$A", "${}", "${1}", "${A", "${A-}"] {
            assert_eq!(words(text), None, "{text}");
        }
    }
}
