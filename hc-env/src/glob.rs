//! Patterns of glob(7), over bytes: what fnmatch(3) matches without flags in the C locale. Where a bracket
//! expression is ill-formed, as `[a-` or `[[.xx.]]`, C libraries differ, and so may this.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// What the names between `[:` and `:]` stand for (POSIX, XBD 7.3.1) where a byte is a character.
const CLASSES: [(&str, &[RangeInclusive<u8>]); 12] = [
    ("alnum", &[b'0'..=b'9', b'A'..=b'Z', b'a'..=b'z']),
    ("alpha", &[b'A'..=b'Z', b'a'..=b'z']),
    ("blank", &[b' '..=b' ', b'\t'..=b'\t']),
    ("cntrl", &[0..=0x1f, 0x7f..=0x7f]),
    ("digit", &[b'0'..=b'9']),
    ("graph", &[b'!'..=b'~']),
    ("lower", &[b'a'..=b'z']),
    ("print", &[b' '..=b'~']),
    ("punct", &[b'!'..=b'/', b':'..=b'@', b'['..=b'`', b'{'..=b'~']),
    ("space", &[b'\t'..=b'\r', b' '..=b' ']),
    ("upper", &[b'A'..=b'Z']),
    ("xdigit", &[b'0'..=b'9', b'A'..=b'F', b'a'..=b'f']),
];

/// A part of a pattern.
enum Element {
    /// `*`
    AnyBytes,
    /// `?`
    AnyByte,
    Byte(u8),
    /// `[…]`, or `[!…]` if `negated`.
    Bracket {
        negated: bool,
        members: Vec<RangeInclusive<u8>>,
    },
}

/// Why there is no bracket expression where one begins.
enum Flaw {
    /// `[` stands for itself, then.
    Unclosed,
    /// Nothing is matched: a backslash with nothing after it, or no class of that name.
    Malformed,
}

/// Patterns, made ready for many names.
pub(crate) struct Globs {
    /// Those that describe one name only.
    plain: BTreeSet<Vec<u8>>,
    others: Vec<Vec<Element>>,
}

impl Globs {
    pub(crate) fn new(patterns: Vec<Vec<u8>>) -> Self {
        let (plain, others): (Vec<_>, Vec<_>) =
            patterns.into_iter().partition(|pattern| pattern.iter().copied().all(is_plain));
        // One that has no meaning matches nothing.
        let others = others.iter().filter_map(|pattern| elements(pattern).ok()).collect();
        Globs { plain: plain.into_iter().collect(), others }
    }

    /// True if one of the patterns describes `name`.
    pub(crate) fn match_name(&self, name: &[u8]) -> bool {
        self.plain.contains(name) || self.others.iter().any(|elements| fit(elements, name))
    }
}

fn is_plain(byte: u8) -> bool {
    !b"*?[\\".contains(&byte)
}

/// True if all of `name` is what `pattern` describes. No byte of a name is special: `*` matches a slash and
/// a leading dot. Takes quadratic time at worst, however many `*` there are.
pub(crate) fn matches(pattern: &[u8], name: &[u8]) -> bool {
    // Most names differ from most patterns in a plain byte at the beginning, and nothing is allocated then.
    let same =
        pattern.iter().zip(name).take_while(|(wanted, byte)| wanted == byte && is_plain(**wanted)).count();
    let (Some(pattern), Some(name)) = (pattern.get(same..), name.get(same..)) else { return false };
    match pattern.first() {
        None => name.is_empty(),
        Some(&byte) if is_plain(byte) => false,
        Some(_) => elements(pattern).is_ok_and(|elements| fit(&elements, name)),
    }
}

fn fit(mut elements: &[Element], mut name: &[u8]) -> bool {
    // What follows the last `*`, and where in the name that was tried. To give an earlier `*` more could only
    // move this place further on, so this is the one to come back to.
    let mut retry: Option<(&[Element], &[u8])> = None;
    loop {
        match (elements.split_first(), name.split_first()) {
            (Some((Element::AnyBytes, after)), _) => {
                retry = Some((after, name));
                elements = after;
            }
            (None, None) => return true,
            (Some(_), None) => return false,
            (Some((element, after)), Some((&byte, rest))) if element.is(byte) => {
                (elements, name) = (after, rest);
            }
            (_, Some(_)) => {
                let Some((after, tried)) = retry else { return false };
                let Some((_, next)) = tried.split_first() else { return false };
                retry = Some((after, next));
                (elements, name) = (after, next);
            }
        }
    }
}

impl Element {
    fn is(&self, byte: u8) -> bool {
        match self {
            Element::AnyBytes | Element::AnyByte => true,
            Element::Byte(wanted) => *wanted == byte,
            Element::Bracket { negated, members } => {
                members.iter().any(|range| range.contains(&byte)) != *negated
            }
        }
    }
}

fn elements(mut pattern: &[u8]) -> Result<Vec<Element>, Flaw> {
    let mut elements = Vec::new();
    while let Some((&first, after)) = pattern.split_first() {
        let (element, rest) = match first {
            b'*' => (Element::AnyBytes, after),
            b'?' => (Element::AnyByte, after),
            b'\\' => {
                let (&escaped, rest) = after.split_first().ok_or(Flaw::Malformed)?;
                (Element::Byte(escaped), rest)
            }
            // Asked first, lest each of a hundred thousand `[` be followed to the end.
            b'[' if after.contains(&b']') => match bracket(after) {
                Err(Flaw::Unclosed) => (Element::Byte(b'['), after),
                other => other?,
            },
            byte => (Element::Byte(byte), after),
        };
        elements.push(element);
        pattern = rest;
    }
    Ok(elements)
}

/// The bracket expression whose `[` stands before `text`, and what follows its `]`.
fn bracket(text: &[u8]) -> Result<(Element, &[u8]), Flaw> {
    let (negated, start) = match text {
        [b'!' | b'^', start @ ..] => (true, start),
        start => (false, start),
    };
    let mut members = Vec::new();
    let mut rest = start;
    loop {
        // In the first place it is a member.
        if let [b']', after @ ..] = rest
            && rest.len() < start.len()
        {
            return Ok((Element::Bracket { negated, members }, after));
        }
        if let Some((name, after)) = class_name(rest) {
            let class = CLASSES.iter().find(|(class, _)| class.as_bytes() == name);
            let (_, bytes) = class.ok_or(Flaw::Malformed)?;
            members.extend_from_slice(bytes);
            rest = after;
        } else {
            let (range, after) = range(rest)?;
            members.push(range);
            rest = after;
        }
    }
}

/// The name in `[:name:]`, and what follows, if `text` begins with that.
fn class_name(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.strip_prefix(b"[:")?;
    let length = text.iter().take_while(|byte| byte.is_ascii_lowercase()).count();
    let (name, rest) = text.split_at_checked(length)?;
    Some((name, rest.strip_prefix(b":]")?))
}

/// One byte, or one to another, and what follows.
fn range(text: &[u8]) -> Result<(RangeInclusive<u8>, &[u8]), Flaw> {
    if let [b'[', b'=', byte, b'=', b']', rest @ ..] = text {
        return Ok((*byte..=*byte, rest));
    }
    let (low, rest) = endpoint(text)?;
    match rest {
        [b'-', end @ ..] if !end.starts_with(b"]") => endpoint(end).map(|(high, rest)| (low..=high, rest)),
        _ => Ok((low..=low, rest)),
    }
}

/// A byte that stands for itself, follows a backslash or is between `[.` and `.]`, and what follows.
fn endpoint(text: &[u8]) -> Result<(u8, &[u8]), Flaw> {
    match text {
        [] | [b'\\'] => Err(Flaw::Unclosed),
        // The first that fits.
        [b'\\', byte, rest @ ..] | [b'[', b'.', byte, b'.', b']', rest @ ..] | [byte, rest @ ..] => {
            Ok((*byte, rest))
        }
    }
}

#[cfg(test)]
mod tests;
