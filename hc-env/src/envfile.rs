//! The files that `--env-file` and `--env0-from` name: bytes in, entries of an environment out.
//!
//! Every entry stands in the result, in the file's order; what becomes of a name that comes twice is not
//! decided here.

use crate::locale::Locale;
use crate::quote::quote_for_shell_if_needed;
use crate::values::Values;
use hc::{Error, Result, show};
use std::ffi::{CString, OsStr};
use std::os::unix::ffi::OsStrExt;

/// What some editors put before UTF-8 text: U+FEFF.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What an environment can hold at most, as the kernel counts it: 6 MiB of strings and of pointers to them
/// (`bprm_stack_limits()` in fs/exec.c). Files that have more are refused before they take much memory.
pub(crate) struct Budget(usize);

impl Default for Budget {
    fn default() -> Self {
        Budget(6 << 20)
    }
}

impl Budget {
    fn spend(&mut self, bytes: usize, entries: usize) -> Option<()> {
        self.0 = self.0.checked_sub(bytes + entries * size_of::<*const u8>())?;
        Some(())
    }
}

const TOO_MUCH: &str = "more than the 6 MiB that an environment can have";

/// Docker's format (pkg/kvfile of docker/cli): a line is `NAME=VALUE`, with the value as it is written, or
/// `NAME`, for what `caller` has under that name, if it has. A line that is neither is an error.
pub(crate) fn parse(
    file: &OsStr,
    content: &[u8],
    caller: &Values<'_>,
    budget: &mut Budget,
) -> Result<Vec<CString>> {
    let content = content.strip_prefix(BYTE_ORDER_MARK).unwrap_or(content);
    let mut entries = Vec::new();
    for (number, line) in (1_usize..).zip(content.split(|&byte| byte == b'\n')) {
        let failed = |why| Error::new(format!("{}:{number}: {why}", show(file)));
        let entry = entry(line.strip_suffix(b"\r").unwrap_or(line), caller).map_err(failed)?;
        if let Some(entry) = entry {
            budget.spend(entry.count_bytes() + 1, 1).ok_or_else(|| failed(TOO_MUCH))?;
            entries.push(entry);
        }
    }
    Ok(entries)
}

/// What one line gives, or why it is a bad one. White space is all that Unicode takes for it where docker
/// asks Go for that, at the beginning; in a name it is a space or a tab. Docker takes a NUL byte here, and
/// fails with it later.
fn entry(line: &[u8], caller: &Values<'_>) -> std::result::Result<Option<CString>, &'static str> {
    let line = std::str::from_utf8(line).map_err(|_| "not UTF-8")?.trim_start();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    if line.contains('\0') {
        return Err("has a NUL byte");
    }
    let name = line.split_once('=').map_or(line, |(name, _)| name);
    if name.is_empty() {
        return Err("no name before '='");
    }
    if name.contains([' ', '\t']) {
        return Err("white space in a name: a line is NAME=VALUE or NAME");
    }
    let entry = if name.len() < line.len() {
        line.as_bytes().to_vec()
    } else {
        let Some(value) = caller.get(name.as_bytes()) else { return Ok(None) };
        [name.as_bytes(), b"=", value].concat()
    };
    CString::new(entry).map(Some).map_err(|_| "has a NUL byte")
}

/// The format of `--env0-from` of GNU env: entries as in /proc/PID/environ, whatever they are, each ended by NUL.
pub(crate) fn parse_env0(file: &OsStr, content: &[u8], budget: &mut Budget) -> Result<Vec<CString>> {
    let count = content.split_inclusive(|&byte| byte == 0).count();
    budget.spend(content.len(), count).ok_or_else(|| Error::new(format!("{}: {TOO_MUCH}", show(file))))?;
    let entries = content.split_inclusive(|&byte| byte == 0);
    let entries: std::result::Result<_, _> =
        entries.map(|entry| CString::from_vec_with_nul(entry.to_vec())).collect();
    // Only the last can be without.
    entries.map_err(|_| {
        let file = quote_for_shell_if_needed(file.as_bytes(), &Locale::current());
        Error::new(format!("{file}: file must end with a NUL byte"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hc::Environ;

    fn caller() -> Environ {
        [c"A=first", c"B", c"A=second", c"E=", c"R=\xff", c"=x"].into_iter().map(Into::into).collect()
    }

    fn parsed(content: &[u8]) -> Vec<CString> {
        parse(OsStr::new("f"), content, &Values::of(&caller()), &mut Budget::default()).unwrap()
    }

    fn error(content: &[u8]) -> String {
        parse(OsStr::new("f"), content, &Values::of(&caller()), &mut Budget::default())
            .unwrap_err()
            .render("hc-env", hc::Manner::Coreutils)
    }

    fn env0(content: &[u8]) -> std::result::Result<Vec<CString>, String> {
        parse_env0(OsStr::new("f"), content, &mut Budget::default())
            .map_err(|error| error.render("hc-env", hc::Manner::Coreutils))
    }

    #[test]
    fn values_are_what_is_written() {
        assert_eq!(parsed(b"X=1\nY=a=b\nZ=\n"), [c"X=1", c"Y=a=b", c"Z="]);
        assert_eq!(parsed(b"X=\"1\" # '2' \t\nY= $A\\n"), [c"X=\"1\" # '2' \t", c"Y= $A\\n"]);
        assert_eq!(parsed(b"X=2\nX=1\nX=2"), [c"X=2", c"X=1", c"X=2"]);
        assert_eq!(
            parsed("\u{e9}=\u{2003}\u{e8}\nA\rB-.1=\u{a0}".as_bytes()),
            [c"\u{e9}=\u{2003}\u{e8}", c"A\rB-.1=\u{a0}"]
        );
    }

    #[test]
    fn comments_and_lines_without_anything_give_nothing() {
        assert_eq!(parsed(b""), Vec::<CString>::new());
        assert_eq!(parsed(b"\n\r\n \t\x0b\x0c\r\n#X=1\n \t# = \0 \n#"), Vec::<CString>::new());
        assert_eq!(parsed(b"X=1#\n#\n\nY=#"), [c"X=1#", c"Y=#"]);
    }

    #[test]
    fn white_space_before_a_line_is_dropped_and_one_cr_after_it() {
        assert_eq!(parsed(b"  X=1 \r\n\t\x0bY=2\r\r\n Z=\r"), [c"X=1 ", c"Y=2\r", c"Z="]);
        assert_eq!(parsed("\u{a0}\u{85}\u{3000}X=1\n\u{2028}#\n\u{2003}\rY=2".as_bytes()), [c"X=1", c"Y=2"]);
    }

    #[test]
    fn a_byte_order_mark_is_dropped_at_the_beginning_only() {
        assert_eq!(parsed("\u{feff} X=1\n\u{feff}Y=2".as_bytes()), [c"X=1", c"\u{feff}Y=2"]);
        assert_eq!(parsed("\u{feff}# X\nA".as_bytes()), [c"A=first"]);
        assert_eq!(parsed("\u{feff}\u{feff}X=1".as_bytes()), [c"\u{feff}X=1"]);
    }

    #[test]
    fn a_name_alone_takes_the_callers_first_value_if_there_is_one() {
        assert_eq!(parsed(b"A\n R\r\nE"), [c"A=first", c"R=\xff", c"E="]);
        assert_eq!(parsed(b"B\nNOSUCH\n\nA"), [c"A=first"]);
    }

    #[test]
    fn a_bad_line_is_named_by_its_number() {
        assert_eq!(error(b"X=1\n\n#\n=1"), "hc-env: f:4: no name before '='\n");
        assert_eq!(error(b"=\n\xff"), "hc-env: f:1: no name before '='\n");
        let text = "hc-env: f:2: white space in a name: a line is NAME=VALUE or NAME\n";
        for line in ["export X=1", "X =1", "X\t=1", "X Y", "X ", "A # comment"] {
            assert_eq!(error(format!("X=1\r\n{line}\nX\n").as_bytes()), text, "{line}");
        }
        for bad in [&b"X\0=1"[..], b"X=\0", b"NOSUCH\0", b"\0"] {
            assert_eq!(error(bad), "hc-env: f:1: has a NUL byte\n");
        }
        for bad in [&b"\n\n\n\nX=\xff"[..], b"\n\n\n\n#\xc3", b"\n\n\n\n\xed\xa0\x80=1\n"] {
            assert_eq!(error(bad), "hc-env: f:5: not UTF-8\n");
        }
        assert_eq!(error(b"\xff\xfeX\0=\0"), "hc-env: f:1: not UTF-8\n");
        let hostile =
            parse(OsStr::new("\x1b\n"), b"=", &Values::of(&caller()), &mut Budget::default()).unwrap_err();
        assert_eq!(hostile.to_string(), "\\x1b\\n:1: no name before '='");
    }

    #[test]
    fn entries_that_end_in_nul_are_taken_byte_for_byte() {
        assert_eq!(env0(b""), Ok(Vec::new()));
        let entries = env0(b"X=1\n2\0=\0 #=\xff\0X=\0X\0\0X=3\0").unwrap();
        assert_eq!(entries, [c"X=1\n2", c"=", c" #=\xff", c"X=", c"X", c"", c"X=3"]);
        let text = "hc-env: f: file must end with a NUL byte\n";
        for content in [&b"X"[..], b"X=1", b"X=1\0Y=2", b"X=1\0\n", b"X\0Y=2"] {
            assert_eq!(env0(content).unwrap_err(), text, "{}", content.escape_ascii());
        }
    }

    #[test]
    fn more_than_an_environment_can_have_is_refused() {
        let many = "A=\n".repeat(600_000);
        assert_eq!(error(many.as_bytes()), format!("hc-env: f:571951: {TOO_MUCH}\n"));
        assert_eq!(env0(&vec![0; 1 << 20]).unwrap_err(), format!("hc-env: f: {TOO_MUCH}\n"));
        let mut budget = Budget::default();
        let half = vec![b"A=\0".as_slice(); 300_000].concat();
        assert!(parse_env0(OsStr::new("f"), &half, &mut budget).is_ok());
        assert!(parse_env0(OsStr::new("f"), &half, &mut budget).is_err());
    }
}
