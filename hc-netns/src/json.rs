//! JSON, as ip(8) prints it: an array of objects, in one line, or with a line for each value.

/// How it is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// All in one line.
    Line,
    /// `-pretty`.
    Pretty,
}

/// A number.
pub(crate) fn number(number: u32) -> Vec<u8> {
    number.to_string().into_bytes()
}

/// A string. A name is bytes: those that are not UTF-8 stay as they are, for nothing in JSON stands for them.
pub(crate) fn string(bytes: &[u8]) -> Vec<u8> {
    let mut text = vec![b'"'];
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => text.extend([b'\\', byte]),
            b'\n' => text.extend(b"\\n"),
            b'\t' => text.extend(b"\\t"),
            b'\r' => text.extend(b"\\r"),
            0x0c => text.extend(b"\\f"),
            0x08 => text.extend(b"\\b"),
            ..0x20 => text.extend(format!("\\u{byte:04x}").as_bytes()),
            _ => text.push(byte),
        }
    }
    text.push(b'"');
    text
}

/// Adds an object to `objects`, the values of its `fields` being JSON already.
pub(crate) fn push(
    objects: &mut Vec<u8>,
    layout: Layout,
    fields: impl IntoIterator<Item = (&'static str, Vec<u8>)>,
) {
    let (before, colon, after): (&[u8], &[u8], &[u8]) = match layout {
        Layout::Line => (b"", b":", b""),
        Layout::Pretty => (b"\n        ", b": ", b"\n    "),
    };
    if !objects.is_empty() {
        objects.push(b',');
    }
    let fields: Vec<Vec<u8>> = fields
        .into_iter()
        .map(|(name, value)| [before, b"\"", name.as_bytes(), b"\"", colon, &value].concat())
        .collect();
    objects.push(b'{');
    objects.extend(fields.join(&b','));
    if !fields.is_empty() {
        objects.extend(after);
    }
    objects.push(b'}');
}

/// The array of `objects`, and the end of the line.
pub(crate) fn array(objects: &[u8], layout: Layout) -> Vec<u8> {
    let (begin, end): (&[u8], &[u8]) = match layout {
        Layout::Line => (b"[", b"]\n"),
        Layout::Pretty if objects.is_empty() => (b"[ ", b"]\n"),
        Layout::Pretty => (b"[ ", b" ]\n"),
    };
    [begin, objects, end].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_again_as_it_was() {
        let name = "a\"b\\c\nd\te\u{1}\u{1b}é\r";
        let text = String::from_utf8(string(name.as_bytes())).unwrap();
        assert_eq!(text, r#""a\"b\\c\nd\te\u0001\u001bé\r""#);
        for (layout, expected, nothing) in [
            (Layout::Line, "[{\"name\":\"a\",\"id\":7},{}]\n", "[]\n"),
            (Layout::Pretty, "[ {\n        \"name\": \"a\",\n        \"id\": 7\n    },{} ]\n", "[ ]\n"),
        ] {
            let mut objects = Vec::new();
            push(&mut objects, layout, [("name", string(b"a")), ("id", number(7))]);
            push(&mut objects, layout, []);
            assert_eq!(String::from_utf8(array(&objects, layout)).unwrap(), expected);
            assert_eq!(array(b"", layout), nothing.as_bytes());
        }
    }
}
