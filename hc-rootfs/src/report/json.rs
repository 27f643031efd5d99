//! The closure as one JSON object (RFC 8259), of the form that the page describes.

use crate::host::Ware;
use crate::programs::{Closure, Link};
use std::collections::HashSet;
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// `wares` are what the files of `closure` come to, in their order.
pub(super) fn object(closure: &Closure, wares: &[Ware]) -> Vec<u8> {
    let name = |place: usize| closure.files.get(place).map(|file| path(&file.name)).unwrap_or_default();
    let programs: Vec<String> = closure.programs.iter().map(|&program| name(program)).collect();
    let mut needs: Vec<Vec<&Link>> = closure.files.iter().map(|_| Vec::new()).collect();
    let mut known = HashSet::new();
    for link in &closure.links {
        // Once for all programs that it is needed for.
        if let Some(list) = needs.get_mut(link.file)
            && known.insert((link.file, link.needer, &link.name, link.why.word()))
        {
            list.push(link);
        }
    }
    let files: Vec<String> = wares
        .iter()
        .zip(needs)
        .map(|(ware, needs)| {
            let needs: Vec<String> = needs
                .iter()
                .map(|link| {
                    let (file, asked) = (name(link.needer), string(&link.name));
                    format!("{{\"file\": {file}, \"as\": {asked}, \"found\": \"{}\"}}", link.why.word())
                })
                .collect();
            let (name, source, size) = (path(&ware.name), path(&ware.source.path), ware.source.size);
            let needs = needs.join(", ");
            format!("{{\"name\": {name}, \"source\": {source}, \"size\": {size}, \"needed_by\": [{needs}]}}")
        })
        .collect();
    format!("{{\"programs\": [{}],\n\"files\": [\n{}\n]}}\n", programs.join(", "), files.join(",\n"))
        .into_bytes()
}

fn path(path: &Path) -> String {
    string(path.as_os_str().as_bytes())
}

/// A string, in ASCII, which no terminal takes for anything else; what is not UTF-8 is no string, but an array
/// of its bytes.
fn string(bytes: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(bytes) else {
        let numbers: Vec<String> = bytes.iter().map(u8::to_string).collect();
        return format!("[{}]", numbers.join(", "));
    };
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for unit in text.encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte @ (b'"' | b'\\')) => json.extend(['\\', char::from(byte)]),
            Ok(byte @ b' '..=b'~') => json.push(char::from(byte)),
            _ => drop(write!(json, "\\u{unit:04x}")),
        }
    }
    json.push('"');
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_ascii_and_what_is_no_text_is_bytes() {
        assert_eq!(string(b"/a b"), "\"/a b\"");
        assert_eq!(
            string("\"\\\n\x7f\u{e9}\u{1f600}\u{202e}".as_bytes()),
            "\"\\\"\\\\\\u000a\\u007f\\u00e9\\ud83d\\ude00\\u202e\""
        );
        assert_eq!(string(b"/\xff"), "[47, 255]");
        assert_eq!(string(b""), "\"\"");
    }
}
