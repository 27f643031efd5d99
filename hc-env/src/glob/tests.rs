use super::*;

#[track_caller]
fn check(pattern: &[u8], names: &[&[u8]], others: &[&[u8]]) {
    let globs = Globs::new(vec![pattern.to_vec()]);
    let matches = |pattern: &[u8], name: &[u8]| {
        let one = matches(pattern, name);
        assert_eq!(globs.match_name(name), one, "{}", pattern.escape_ascii());
        one
    };
    for name in names {
        assert!(matches(pattern, name), "{} matches {}", pattern.escape_ascii(), name.escape_ascii());
    }
    for name in others {
        assert!(!matches(pattern, name), "{} does not match {}", pattern.escape_ascii(), name.escape_ascii());
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
    for ((name, expected), byte) in expected.iter().flat_map(|class| (0..=255).map(move |byte| (class, byte)))
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
