//! The `$ORIGIN` family in names and search paths (_dl_dst_substitute() in elf/dl-load.c of glibc).

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

const PLATFORM: &[u8] = b"PLATFORM";
/// The kernel takes no longer path.
const MAX_PATH: usize = libc::PATH_MAX.unsigned_abs() as usize;

/// What the tokens stand for.
pub(crate) struct Tokens<'a> {
    /// The directory of the object that the text comes from.
    pub(crate) origin: &'a Path,
    pub(crate) lib: &'a [u8],
    pub(crate) platform: &'a [u8],
}

impl Tokens<'_> {
    /// `text` with its tokens replaced. An unknown token stays as it is. When the result is longer than any path,
    /// it is not complete: many tokens make much more of a text than there is in the file.
    pub(crate) fn expand(&self, text: &[u8]) -> Vec<u8> {
        let values: [(&[u8], &[u8]); 3] =
            [(b"ORIGIN", self.origin.as_os_str().as_bytes()), (b"LIB", self.lib), (PLATFORM, self.platform)];
        let mut result = Vec::with_capacity(text.len().min(MAX_PATH));
        let mut rest = text;
        while let Some((&first, after)) = rest.split_first().filter(|_| result.len() <= MAX_PATH) {
            let replaced = values
                .iter()
                .filter(|_| first == b'$')
                .find_map(|(name, value)| strip_token(after, name).map(|after| (after, value)));
            if let Some((after, value)) = replaced {
                result.extend_from_slice(value);
                rest = after;
            } else {
                result.push(first);
                rest = after;
            }
        }
        result
    }
}

/// True for a text that means something else on another processor.
pub(crate) fn has_platform(text: &[u8]) -> bool {
    text.split(|&byte| byte == b'$').skip(1).any(|rest| strip_token(rest, PLATFORM).is_some())
}

/// True for a text with `$ORIGIN` or `${ORIGIN}` in it.
pub(crate) fn names_origin(text: &[u8]) -> bool {
    text.split(|&byte| byte == b'$').skip(1).any(|rest| strip_token(rest, b"ORIGIN").is_some())
}

/// What follows `NAME` or `{NAME}` at the start of `text`. As in glibc, the bare form ends where the name
/// does, whatever comes next.
fn strip_token<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    match text.strip_prefix(b"{") {
        Some(inner) => inner.strip_prefix(name)?.strip_prefix(b"}"),
        None => text.strip_prefix(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(text: &str) -> String {
        let tokens = Tokens { origin: Path::new("/opt/x"), lib: b"lib64", platform: b"haswell" };
        String::from_utf8(tokens.expand(text.as_bytes())).unwrap()
    }

    #[test]
    fn tokens_with_and_without_braces() {
        assert_eq!(expand("$ORIGIN/../$LIB"), "/opt/x/../lib64");
        assert_eq!(expand("${ORIGIN}a${LIB}"), "/opt/xalib64");
        assert_eq!(expand("/usr/$PLATFORM"), "/usr/haswell");
    }

    #[test]
    fn the_origin_is_noticed_where_it_is_replaced() {
        for text in ["$ORIGIN", "/a:${ORIGIN}/b", "$LIB$ORIGINAL", "$$ORIGIN"] {
            assert!(names_origin(text.as_bytes()), "{text}");
        }
        for text in ["", "ORIGIN", "$LIB/ORIGIN", "${ORIGIN", "/$"] {
            assert!(!names_origin(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn anything_else_stays() {
        for text in ["", "/a", "$", "$$", "${", "${ORIGIN", "$HOME/x", "a$"] {
            assert_eq!(expand(text), text);
        }
        assert_eq!(expand("$ORIGINAL"), "/opt/xAL");
    }

    #[test]
    fn a_text_does_not_grow_without_end() {
        let origin = "/x".repeat(2000);
        let tokens = Tokens { origin: Path::new(&origin), lib: b"lib64", platform: b"haswell" };
        assert_eq!(tokens.expand(b"$ORIGIN/$LIB").len(), 4006);
        let length = tokens.expand(&b"$ORIGIN".repeat(100_000)).len();
        assert!((MAX_PATH..=MAX_PATH + 4000).contains(&length), "{length}");
        assert!(tokens.expand(&b"$LIB/x".repeat(100_000)).len() > MAX_PATH);
    }

    #[test]
    fn a_platform_is_noticed() {
        for text in ["$PLATFORM", "/a/${PLATFORM}/b", "$LIB:$PLATFORMS"] {
            assert!(has_platform(text.as_bytes()), "{text}");
        }
        for text in ["", "PLATFORM", "$ORIGIN/PLATFORM", "${PLATFORM", "$LIB"] {
            assert!(!has_platform(text.as_bytes()), "{text}");
        }
    }
}
