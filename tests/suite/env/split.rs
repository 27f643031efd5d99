//! -S: how a string becomes words. `args` shows how many there are, and each.

use super::{C, GROUP, Group, IN_C, IN_UTF_8, Lines, started};
use hc_tests::{Cmd, Dir};
use std::path::Path;

pub(super) const GROUPS: &[Group] = &[
    Group { about: "words", before: &["-S"], lines: Lines::Word("", WORDS), ..IN_C },
    Group { about: "words, traced", before: &["-vS"], lines: Lines::Word("", WORDS), ..GROUP },
    Group { about: "values", before: &["-S"], lines: Lines::Word("", VALUES), ..IN_C },
    Group { about: "values, traced", before: &["-v", "-S"], lines: Lines::Word("", VALUES), ..IN_UTF_8 },
    Group { about: "bytes", before: &["-S"], lines: Lines::Bytes(BYTES), after: &["end"], ..IN_C },
];

const WORDS: &[&str] = &[
    "",
    " ",
    "\t\n\x0b\x0c\r ",
    "args",
    "args a b",
    "args a  b",
    "args a\tb",
    "args a\nb",
    "args a\x0bb",
    "args a\x0cb",
    "args a\rb",
    " args a",
    "\n\targs a",
    "args a ",
    "args a\t\n\x0b\x0c\r b\r",
    "args a\u{a0}b\u{3000}c\u{85}d",
    "args a\x07b\x1bc\x7f",
    "args a=b , ; | & < > ( ) [ ] { } * ? ~ ! ^ ` % @ + -",
    // Quotes.
    "args 'a b' \"c d\"",
    "args a'b'c",
    "args a\"b c\"d'e f'g",
    "args ''",
    "args \"\"",
    "args '' \"\" ''",
    "args ''\"\"''",
    "args a''",
    "args ''a",
    "args ' ' \" \"",
    "args \"it's\"",
    "args 'say \"x\"'",
    "args '\"' \"'\"",
    "args 'a\nb' \"c\td\" 'e\x0b\x0c\rf'",
    "args 'a'  \"b\"\t'c'",
    "'args' a",
    "ar\"gs\" a",
    "'args a'",
    "\"\"",
    "'' a",
    // A comment.
    "args a #b",
    "args a#b",
    "args a# b",
    "args #",
    "#args",
    " #args",
    "args a\t#b 'c",
    "args a #b\nc",
    "args a #${ \\q \\",
    "args '#a'",
    "args \"#a\" #b",
    "args ''#a",
    "args \"\"#a",
    "args 'a'#b",
    "args a '#' b",
    "A=2 #args",
    "A=#2 args ##",
];

const VALUES: &[&str] = &[
    "args ${A}",
    "args ${B}",
    "args ${EMPTY}",
    "args ${Q}",
    "args ${_1}",
    "args ${NONE}",
    "args \"${A}\"",
    "args \"${B}\"",
    "args \"${EMPTY}\"",
    "args \"${Q}\"",
    "args \"${NONE}\"",
    "args '${A}'",
    "args '${NONE}'",
    "args x${A}y",
    "args x${B}y",
    "args x${EMPTY}y",
    "args x${NONE}y",
    "args ${A}${B}",
    "args ${NONE}${EMPTY}",
    "args ${EMPTY}${NONE}",
    "args ${NONE} ${NONE} a",
    "args ${NONE}a",
    "args a${NONE}",
    "args ''${NONE}",
    "args \"a ${B} c\"",
    "args a'${A}'\"${A}\"${A}",
    "args ${A}'b c'",
    "args ${NONE}#a",
    "args ${EMPTY}#a",
    "args ${A}#a",
    "args ${noequals}",
    "args ${a}",
    "args ${A}}",
    "args {${A}}",
    "args ${_} ${__} ${a9_Z}",
    // It is the environment before any change that they come from.
    "A=2 args ${A}",
    "C=${A} args ${C}",
    "-i A=${A} C=${B}",
    "-u A args ${A}",
    "${NONE}",
    "${NONE} args a",
    "${EMPTY}",
    "${A}",
    "${A}=x",
    "C${NONE}=${B}",
    "-${NONE}i",
    "${NONE}-i",
    "\"${NONE}\"",
];

const BYTES: &[&[u8]] = &[
    b"args \xff\x80",
    b"args a\xc3 \xa9b",
    b"args '\xff' \"\xfe\"",
    b"args \xc2\xa0",
    b"args a\x01\x02",
    b"A=\xff args",
    b"\xff=\x80",
];

/// As the kernel does it: all that is behind the interpreter is one word, then comes the name of the script.
#[test]
fn a_line_at_the_top_of_a_script_has_more_than_one_argument() {
    const LINES: [&str; 6] = [
        "-S args 'a b' ${B}",
        "-S args #x",
        "-vS C=1 args",
        "-iS A=2 /bin/echo ${A}",
        "-S-i\\_/bin/echo",
        "-S 'args a' ${EMPTY}",
    ];
    let dir = Dir::new();
    for (at, words) in LINES.iter().enumerate() {
        let run = |tool: &Path, kind: &str| {
            let script = dir.program(format!("{kind}/{at}"), format!("#!{} {words}\n", tool.display()));
            started(Cmd::new(script).arg("z"), C).dir(dir.path()).run()
        };
        let original = run(&hc_tests::find("env".as_ref()).unwrap(), "original");
        let ours = run(&hc_tests::tool("hc-env"), "ours");
        assert_eq!(ours.ended, original.ended, "{words}: {ours:?}");
        let text = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes).replace("/original/", "/ours/");
            // By the kernel it is called by its path.
            text.replace("/usr/bin/env: ", "hc-env: ")
        };
        assert_eq!(text(&ours.stdout), text(&original.stdout), "{words}");
        assert_eq!(text(&ours.stderr), text(&original.stderr), "{words}");
    }
}
