//! Patterns of glob(7), over bytes: what fnmatch(3) matches without flags in the C locale. Where a bracket
//! expression is ill-formed, as `[a-` or `[[.xx.]]`, C libraries differ, and so may this.

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

/// True if all of `name` is what `pattern` describes. No byte of a name is special: `*` matches a slash and
/// a leading dot. Takes quadratic time at worst, however many `*` there are.
pub(crate) fn matches(pattern: &[u8], name: &[u8]) -> bool {
    // Most names differ from most patterns in a plain byte at the beginning, and nothing is allocated then.
    let is_plain = |byte: &u8| !b"*?[\\".contains(byte);
    let same =
        pattern.iter().zip(name).take_while(|(wanted, byte)| wanted == byte && is_plain(wanted)).count();
    let (Some(pattern), Some(name)) = (pattern.get(same..), name.get(same..)) else { return false };
    match pattern.first() {
        None => name.is_empty(),
        Some(byte) if is_plain(byte) => false,
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
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &[u8], names: &[&[u8]], others: &[&[u8]]) {
        for name in names {
            assert!(matches(pattern, name), "{} matches {}", pattern.escape_ascii(), name.escape_ascii());
        }
        for name in others {
            assert!(
                !matches(pattern, name),
                "{} does not match {}",
                pattern.escape_ascii(),
                name.escape_ascii()
            );
        }
    }

    #[test]
    fn plain_bytes_match_themselves_and_the_whole_name() {
        check(b"TERM", &[b"TERM"], &[b"", b"TER", b"TERMS", b"term", b"ATERM"]);
        check(b"", &[b""], &[b"A"]);
        check(b"\xff=", &[b"\xff="], &[b"\xfe=", b"\xff"]);
    }

    #[test]
    fn wildcards_match_any_bytes_also_slashes_dots_and_what_is_not_utf_8() {
        check(b"LC_*", &[b"LC_", b"LC_ALL", b"LC_*"], &[b"LC", b"XLC_"]);
        check(b"*", &[b"", b"A", b"/.\xff"], &[]);
        check(b"?", &[b"A", b".", b"/", b"\xff"], &[b"", b"AB"]);
        check(b"*A?*B", &[b"AxB", b"xAAxxBB"], &[b"AB", b"AxBx", b"xB"]);
        check(b"*AB*AC", &[b"ABAC", b"AABABAC"], &[b"ABABA", b"ABACA"]);
    }

    #[test]
    fn a_backslash_takes_the_meaning_from_the_next_byte() {
        check(b"\\*\\a", &[b"*a"], &[b"xa", b"\\*\\a"]);
        check(b"[\\]]", &[b"]"], &[b"\\", b"\\]"]);
        check(b"[a\\-c]", &[b"a", b"-", b"c"], &[b"b", b"\\"]);
        check(b"\\[a]", &[b"[a]"], &[b"a"]);
    }

    #[test]
    fn brackets_match_one_of_their_members() {
        check(b"[a-cx]", &[b"a", b"b", b"c", b"x"], &[b"", b"d", b"A", b"-", b"ab"]);
        check(b"[!a-c]", &[b"d", b"!", b"\xff"], &[b"a", b"b", b""]);
        check(b"[^a]", &[b"b", b"^"], &[b"a"]);
        check(b"[a!^]", &[b"a", b"!", b"^"], &[b"b"]);
        check(b"[\x80-\xff]", &[b"\x80", b"\xff"], &[b"\x7f"]);
        check(b"[*?[]", &[b"*", b"?", b"["], &[b"a"]);
        check(b"X[0-9]*[A-Z]", &[b"X1A", b"X1xZ"], &[b"XA", b"X1", b"X1x"]);
    }

    #[test]
    fn members_that_are_special_elsewhere_have_their_places() {
        check(b"[]]", &[b"]"], &[b"[]", b"[]]"]);
        check(b"[]a]", &[b"]", b"a"], &[b"[", b"]a"]);
        check(b"[!]]", &[b"a", b"["], &[b"]"]);
        check(b"[a-]", &[b"a", b"-"], &[b"b"]);
        check(b"[-a]", &[b"a", b"-"], &[b"b"]);
        check(b"[--/]", &[b"-", b".", b"/"], &[b","]);
        check(b"[z-a]", &[], &[b"a", b"m", b"z", b"-"]);
    }

    #[test]
    fn classes_have_the_ascii_bytes_of_their_names() {
        type Class = (&'static str, fn(&u8) -> bool);
        let expected: [Class; 12] = [
            ("alnum", u8::is_ascii_alphanumeric),
            ("alpha", u8::is_ascii_alphabetic),
            ("blank", |byte| matches!(byte, b' ' | b'\t')),
            ("cntrl", u8::is_ascii_control),
            ("digit", u8::is_ascii_digit),
            ("graph", u8::is_ascii_graphic),
            ("lower", u8::is_ascii_lowercase),
            ("print", |byte| matches!(byte, b' '..=b'~')),
            ("punct", u8::is_ascii_punctuation),
            ("space", |byte| matches!(byte, b' ' | b'\t'..=b'\r')),
            ("upper", u8::is_ascii_uppercase),
            ("xdigit", u8::is_ascii_hexdigit),
        ];
        for ((name, expected), byte) in
            expected.iter().flat_map(|class| (0..=255).map(move |byte| (class, byte)))
        {
            let pattern = format!("[[:{name}:]]");
            assert_eq!(matches(pattern.as_bytes(), &[byte]), expected(&byte), "{pattern} {byte}");
        }
        check(b"[![:digit:]_]", &[b"a", b":"], &[b"1", b"_"]);
        check(b"[[=a=][.].]-_]", &[b"a", b"]", b"^", b"_"], &[b"=", b".", b"-", b"["]);
    }

    #[test]
    fn an_unclosed_bracket_is_an_ordinary_byte() {
        check(b"[", &[b"["], &[b"", b"a"]);
        check(b"[a", &[b"[a"], &[b"a"]);
        check(b"[!", &[b"[!"], &[b"a"]);
        check(b"[]", &[b"[]"], &[b"]"]);
        check(b"[a-", &[b"[a-"], &[b"a"]);
        check(b"[*]?[?", &[b"*x[y"], &[b"[*]x[y", b"*x["]);
        check(b"[[:alpha:]", &[b"[a", b"[:"], &[b"a", b"[b"]);
        check(b"[a\\]", &[b"[a]"], &[b"a", b"\\"]);
    }

    #[test]
    fn what_has_no_meaning_matches_nothing() {
        check(b"A\\", &[], &[b"A", b"A\\"]);
        check(b"[[:word:]]", &[], &[b"a", b"w", b"[w]", b"[[:word:]]"]);
        check(b"*[]\\", &[], &[b"", b"]", b"[]\\"]);
    }

    #[test]
    fn hostile_patterns_end_soon() {
        // With a way back to every star, none of these would end.
        let name = "a".repeat(2000);
        for part in ["*a", "*[a-z]", "*?", "**", "*[!b]*a"] {
            check(format!("{}b", part.repeat(200)).as_bytes(), &[], &[name.as_bytes()]);
        }
        let brackets = "[".repeat(100_000);
        check(brackets.as_bytes(), &[brackets.as_bytes()], &[name.as_bytes()]);
        check(format!("*{}\\]b", "[".repeat(1000)).as_bytes(), &[], &["[".repeat(2000).as_bytes()]);
    }
}
