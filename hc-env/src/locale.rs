//! The locale, as far as words in a message depend on it.

use crate::sys::CLocale;
use std::ffi::CStr;

/// Which quotes and which characters can be shown.
pub(crate) struct Locale(Encoding);

enum Encoding {
    /// ASCII, and what is shown as if it were: the C locale, one that does not exist, and those of the old
    /// encodings, which a static C library cannot convert.
    Ascii,
    /// UTF-8, and iswprint(3).
    Utf8(Box<dyn Fn(char) -> bool>),
}

impl Locale {
    /// The one that the environment of this process names. Reads files: only a message should ask for it.
    pub(crate) fn current() -> Self {
        Self::named(c"")
    }

    fn named(name: &CStr) -> Self {
        match CLocale::new(name) {
            Some(locale) if locale.codeset().to_bytes().eq_ignore_ascii_case(b"UTF-8") => {
                Self::utf8(move |character| locale.is_print(character))
            }
            _ => Self::ascii(),
        }
    }

    /// One like the C locale.
    pub(crate) fn ascii() -> Self {
        Locale(Encoding::Ascii)
    }

    /// One of UTF-8, whose iswprint(3) is `is_print`.
    pub(crate) fn utf8(is_print: impl Fn(char) -> bool + 'static) -> Self {
        Locale(Encoding::Utf8(Box::new(is_print)))
    }

    /// The quotes before and after a word.
    pub(crate) fn quotes(&self) -> (char, char) {
        match self.0 {
            Encoding::Ascii => ('\'', '\''),
            Encoding::Utf8(_) => ('‘', '’'),
        }
    }

    /// Whether `character` can be shown as it is.
    pub(crate) fn is_print(&self, character: char) -> bool {
        match &self.0 {
            Encoding::Ascii => matches!(character, ' '..='~'),
            Encoding::Utf8(is_print) => is_print(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printable(locale: &Locale, characters: &str) -> String {
        characters.chars().filter(|&character| locale.is_print(character)).collect()
    }

    #[test]
    fn a_locale_of_utf_8_has_its_own_quotes_and_iswprint() {
        let locale = Locale::named(c"C.UTF-8");
        assert_eq!(locale.quotes(), ('‘', '’'));
        // Combining, wide and private ones are; controls, separators of lines and noncharacters are not.
        let text = "\0 ~\x7f\u{9b}é\u{301}\u{2028}‘漢\u{e000}\u{fffe}\u{fffd}🦀\u{10ffff}";
        assert_eq!(printable(&locale, text), " ~é\u{301}‘漢\u{e000}\u{fffd}🦀");
    }

    #[test]
    fn c_and_what_is_no_locale_are_ascii() {
        for name in [c"C", c"POSIX", c"xx_NOSUCH", c"xx_NOSUCH.UTF-8"] {
            let locale = Locale::named(name);
            assert_eq!(locale.quotes(), ('\'', '\''), "{name:?}");
            assert_eq!(printable(&locale, "\0\x1f ~\x7f\u{a0}é‘"), " ~", "{name:?}");
        }
    }
}
