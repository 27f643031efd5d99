//! What objects say that they open by themselves, and what the C library opens without saying so.
//!
//! The notes are JSON (UAPI.12): an array of objects with `soname`, names in order of preference, and `feature` and
//! `priority`. What is not so is left out: to say it wrong is no reason not to start.

use serde_json::Value;

/// How much a feature matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Priority {
    Required,
    Recommended,
    Suggested,
}

/// A library that is opened when it is needed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Wish {
    /// The first of these that is there.
    pub(crate) names: Vec<Vec<u8>>,
    pub(crate) feature: String,
    pub(crate) priority: Priority,
}

impl Priority {
    pub(crate) const ALL: [Priority; 3] = [Priority::Required, Priority::Recommended, Priority::Suggested];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Priority::Required => "required",
            Priority::Recommended => "recommended",
            Priority::Suggested => "suggested",
        }
    }

    pub(crate) fn of(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|priority| priority.name().as_bytes() == name)
    }
}

/// The wishes in one note.
pub(crate) fn parse(note: &[u8]) -> Vec<Wish> {
    let end = note.iter().position(|&byte| byte == 0).unwrap_or(note.len());
    let text = note.get(..end).unwrap_or_default();
    match serde_json::from_slice(text) {
        Ok(Value::Array(wishes)) => wishes.iter().filter_map(wish).collect(),
        _ => Vec::new(),
    }
}

fn wish(value: &Value) -> Option<Wish> {
    let names = value.get("soname")?.as_array()?.iter().filter_map(Value::as_str);
    let names: Vec<Vec<u8>> =
        names.filter(|name| !name.is_empty() && !name.contains('\0')).map(Vec::from).collect();
    let text = |key| value.get(key).and_then(Value::as_str);
    let priority = match text("priority") {
        None => Priority::Recommended,
        Some(name) => Priority::of(name.as_bytes())?,
    };
    let feature = text("feature").unwrap_or("without a name").to_owned();
    (!names.is_empty()).then_some(Wish { names, feature, priority })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_a_list_of_wishes() {
        let note = br#"[{"feature": "bpf", "description": "x", "priority": "suggested",
                         "soname": ["libbpf.so.1", "libbpf.so.0"]},
                        {"soname": ["liba.so"]}]"#;
        let of = |names: &[&str], feature: &str, priority| Wish {
            names: names.iter().map(|name| name.as_bytes().to_vec()).collect(),
            feature: feature.to_owned(),
            priority,
        };
        let expected = [
            of(&["libbpf.so.1", "libbpf.so.0"], "bpf", Priority::Suggested),
            of(&["liba.so"], "without a name", Priority::Recommended),
        ];
        assert_eq!(parse(&[note, &b"\0\0"[..]].concat()), expected);
    }

    #[test]
    fn what_is_no_wish_is_left_out() {
        for note in [
            "",
            "{}",
            "[",
            "[1]",
            "[{}]",
            r#"[{"soname": "liba.so"}]"#,
            r#"[{"soname": [1, "", "a\u0000"]}]"#,
        ] {
            assert!(parse(note.as_bytes()).is_empty(), "{note}");
        }
        assert!(parse(br#"[{"soname": ["a"], "priority": "urgent"}]"#).is_empty());
        assert_eq!(parse(br#"[3, {"soname": ["a"]}]"#).len(), 1);
        // As deep as a note can be.
        assert!(parse(&b"[".repeat(60_000)).is_empty());
    }
}
