//! Which quotes there are: as the locale has it, and nothing else.

use super::{C, GROUP, Group, Lines, Locale, UTF_8};

pub(super) const GROUPS: &[Group] = &[
    Group { about: "locales", locales: LOCALES, lines: Lines::Whole(LINES), ..GROUP },
    Group { about: "styles", locales: STYLES, lines: Lines::Whole(LINES), ..GROUP },
    Group { about: "of NEXT", locales: &[C, UTF_8], lines: Lines::Whole(NEXT), ..GROUP },
];

/// `LC_ALL` before `LC_CTYPE` before `LANG`; an empty one does not count; and one that does not exist spoils the
/// others, of whatever category.
const LOCALES: &[Locale] = &[
    &[],
    &[("LC_ALL", "C")],
    &[("LC_ALL", "POSIX")],
    &[("LC_ALL", "C.UTF-8")],
    &[("LC_ALL", "C.utf8")],
    &[("LC_ALL", "C.UTF8")],
    &[("LC_ALL", "C.utf-8")],
    &[("LANG", "C.UTF-8")],
    &[("LC_CTYPE", "C.UTF-8")],
    &[("LC_MESSAGES", "C.UTF-8")],
    &[("LANG", "C.UTF-8"), ("LC_CTYPE", "C")],
    &[("LANG", "C"), ("LC_CTYPE", "C.UTF-8")],
    &[("LANG", "C.UTF-8"), ("LC_MESSAGES", "C")],
    &[("LANG", "C.UTF-8"), ("LC_ALL", "C")],
    &[("LC_CTYPE", "C"), ("LC_ALL", "C.UTF-8")],
    &[("LC_CTYPE", "C.UTF-8"), ("LC_ALL", "POSIX")],
    &[("LC_ALL", ""), ("LANG", "C.UTF-8")],
    &[("LC_ALL", ""), ("LC_CTYPE", "C.UTF-8"), ("LANG", "C")],
    &[("LC_ALL", ""), ("LC_CTYPE", ""), ("LANG", "")],
    &[("LC_CTYPE", ""), ("LANG", "C.UTF-8")],
    &[("LC_ALL", "xx_NOSUCH")],
    &[("LC_ALL", "xx_NOSUCH.UTF-8")],
    &[("LANG", "xx_NOSUCH.UTF-8")],
    &[("LANG", "xx_NOSUCH"), ("LC_CTYPE", "C.UTF-8")],
    &[("LANG", "xx_NOSUCH"), ("LC_ALL", "C.UTF-8")],
    &[("LC_CTYPE", "C.UTF-8"), ("LC_TIME", "xx_NOSUCH")],
    &[("LC_CTYPE", "C.UTF-8"), ("LC_MESSAGES", "xx_NOSUCH")],
    &[("LANG", "C.UTF-8"), ("LANGUAGE", "xx")],
    &[("LC_ALL", "UTF-8")],
    &[("LC_ALL", "C.ISO-8859-1")],
    &[("LC_ALL", "../C.UTF-8")],
    &[("LC_ALL", "C.UTF-8@x")],
    &[("LOCPATH", "/nosuch"), ("LC_ALL", "C.UTF-8")],
];

/// What the other coreutils look at is not looked at by env(1), up to 9.11.
const STYLES: &[Locale] = &[
    &[("LC_ALL", "C"), ("QUOTING_STYLE", "shell")],
    &[("LC_ALL", "C"), ("QUOTING_STYLE", "c")],
    &[("LC_ALL", "C"), ("QUOTING_STYLE", "literal")],
    &[("LC_ALL", "C"), ("QUOTING_STYLE", "nosuch")],
    &[("LC_ALL", "C.UTF-8"), ("QUOTING_STYLE", "shell-escape-always")],
    &[("LC_ALL", "C.UTF-8"), ("QUOTING_STYLE", "literal")],
    &[("LC_ALL", "C.UTF-8"), ("QUOTING_STYLE", "escape")],
    &[("LC_ALL", "C.UTF-8"), ("POSIXLY_CORRECT", "1")],
    &[("LC_ALL", "C"), ("POSIXLY_CORRECT", "")],
];

const LINES: &[&[&str]] = &[
    &["nosuch"],
    &["it's é’"],
    &["-C", "it's é’ x", "true"],
    &["-C", "é\n", "true"],
    &["-u", "é="],
    &["--ignore-signal=é", "true"],
    &["--i"],
    &["-z"],
    &["-v", "-S", "A=é args ${A} ''"],
    &["-S", "$é"],
    &["A=é\n"],
];

/// It is the inherited environment that counts, not the one that is made.
const NEXT: &[&[&str]] = &[
    &["LC_ALL=C", "nosuch"],
    &["LC_ALL=C.UTF-8", "nosuch"],
    &["-i", "nosuch"],
    &["-u", "LC_ALL", "nosuch"],
    &["-i", "LC_ALL=C.UTF-8", "LANG=C.UTF-8", "nosuch"],
    &["-v", "-i", "LC_ALL=C.UTF-8", "/bin/true"],
    &["-v", "LC_ALL=C", "/bin/true"],
    &["LC_ALL=xx_NOSUCH", "nosuch"],
];
