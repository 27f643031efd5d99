//! The `$ORIGIN` family in names and search paths (_dl_dst_substitute() in elf/dl-load.c of glibc).

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// What the tokens stand for.
pub(crate) struct Tokens<'a> {
    /// The directory of the object that the text comes from.
    pub(crate) origin: &'a Path,
    pub(crate) lib: &'a [u8],
    /// More than one where it depends on the processor.
    pub(crate) platforms: &'a [&'a [u8]],
}

impl Tokens<'_> {
    /// `text` with its tokens replaced, once for each platform if it names the platform. An unknown token
    /// stays as it is.
    pub(crate) fn expand(&self, text: &[u8]) -> Vec<Vec<u8>> {
        let mut results: Vec<Vec<u8>> = Vec::new();
        for platform in self.platforms {
            let expanded = self.expand_for(text, platform);
            if !results.contains(&expanded) {
                results.push(expanded);
            }
        }
        results
    }

    fn expand_for(&self, text: &[u8], platform: &[u8]) -> Vec<u8> {
        let values: [(&[u8], &[u8]); 3] =
            [(b"ORIGIN", self.origin.as_os_str().as_bytes()), (b"LIB", self.lib), (b"PLATFORM", platform)];
        let mut result = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some((&first, after)) = rest.split_first() {
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

    fn expand(text: &str) -> Vec<String> {
        let tokens =
            Tokens { origin: Path::new("/opt/x"), lib: b"lib64", platforms: &[b"haswell", b"x86_64"] };
        tokens.expand(text.as_bytes()).into_iter().map(|bytes| String::from_utf8(bytes).unwrap()).collect()
    }

    #[test]
    fn tokens_with_and_without_braces() {
        assert_eq!(expand("$ORIGIN/../$LIB"), ["/opt/x/../lib64"]);
        assert_eq!(expand("${ORIGIN}a${LIB}"), ["/opt/xalib64"]);
        assert_eq!(expand("/usr/$PLATFORM"), ["/usr/haswell", "/usr/x86_64"]);
    }

    #[test]
    fn anything_else_stays() {
        for text in ["", "/a", "$", "$$", "${", "${ORIGIN", "$HOME/x", "a$"] {
            assert_eq!(expand(text), [text]);
        }
        assert_eq!(expand("$ORIGINAL"), ["/opt/xAL"]);
    }
}
