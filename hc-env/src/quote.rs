//! Words from outside in a message, in the two ways in which env(1) shows them.

use crate::locale::Locale;

/// What is shown for a piece of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    /// A printable character: itself.
    Printable(char),
    /// A byte of anything else: an escape sequence.
    Byte(u8),
}

/// `text` piece by piece. A character that is not printable is escaped byte by byte, as it would be in a locale
/// that does not know it.
fn pieces(text: &[u8], locale: &Locale) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            if locale.is_print(character) {
                pieces.push(Piece::Printable(character));
            } else {
                pieces.extend(character.encode_utf8(&mut [0; 4]).bytes().map(Piece::Byte));
            }
        }
        pieces.extend(chunk.invalid().iter().copied().map(Piece::Byte));
    }
    pieces
}

/// `text` in the quotes of the locale, ‘text’ or 'text', escaped as in a string of C.
pub(crate) fn quote(text: &[u8], locale: &Locale) -> String {
    let (open, close) = locale.quotes();
    let mut quoted = String::from(open);
    for piece in pieces(text, locale) {
        match piece {
            Piece::Printable(character) => {
                if character == close || character == '\\' {
                    quoted.push('\\');
                }
                quoted.push(character);
            }
            Piece::Byte(byte) => quoted.push_str(&escape(byte)),
        }
    }
    quoted.push(close);
    quoted
}

/// `text` as a word of a shell that knows `$'…'`: 'text', or "it's", or 'two'$'\n''lines'.
pub(crate) fn quote_for_shell(text: &[u8], locale: &Locale) -> String {
    let pieces = pieces(text, locale);
    if let Some(plain) = within_double_quotes(&pieces) {
        return format!("\"{plain}\"");
    }
    let mut quoted = String::from('\'');
    let mut escaping = false;
    for piece in pieces {
        match piece {
            // Ends either kind of quotes, and begins plain ones after a quote by itself.
            Piece::Printable('\'') => {
                quoted.push_str("'\\''");
                escaping = false;
            }
            Piece::Printable(character) => {
                if escaping {
                    quoted.push_str("''");
                    escaping = false;
                }
                quoted.push(character);
            }
            Piece::Byte(byte) => {
                if !escaping {
                    quoted.push_str("'$'");
                    escaping = true;
                }
                quoted.push_str(&escape(byte));
            }
        }
    }
    quoted.push('\'');
    quoted
}

/// The same, but without quotes where no shell would need them; a colon is quoted, for one follows in a message.
pub(crate) fn quote_for_shell_if_needed(text: &[u8], locale: &Locale) -> String {
    let plain = |(at, piece): (usize, &Piece)| match *piece {
        Piece::Printable('#' | '~') if at == 0 => None,
        Piece::Printable('{' | '}') if text.len() == 1 => None,
        Piece::Printable(character) => (!" !\"$&'()*:;<=>?[\\^`|".contains(character)).then_some(character),
        Piece::Byte(_) => None,
    };
    let word: Option<String> = pieces(text, locale).iter().enumerate().map(plain).collect();
    word.filter(|word| !word.is_empty()).unwrap_or_else(|| quote_for_shell(text, locale))
}

/// What is in double quotes if they are the better ones: there is a single quote, and nothing that any shell
/// would expand. Characters that are special only at the start of a word, `#` and `~`, are admitted only there,
/// for so it is in env(1).
fn within_double_quotes(pieces: &[Piece]) -> Option<String> {
    let harmless = |(at, piece): (usize, &Piece)| match *piece {
        Piece::Printable('#' | '~') if at > 0 => None,
        Piece::Printable(character) => (!"!\"$&()*;<=>?[\\^`{|}".contains(character)).then_some(character),
        Piece::Byte(_) => None,
    };
    let has_quote = pieces.contains(&Piece::Printable('\''));
    has_quote.then(|| pieces.iter().enumerate().map(harmless).collect())?
}

/// `\n` and its kin, or three octal digits.
fn escape(byte: u8) -> String {
    let letter = match byte {
        0x07 => 'a',
        0x08 => 'b',
        b'\t' => 't',
        b'\n' => 'n',
        0x0b => 'v',
        0x0c => 'f',
        b'\r' => 'r',
        byte => return format!("\\{byte:03o}"),
    };
    format!("\\{letter}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the C library has it for what is tested here.
    fn utf8() -> Locale {
        Locale::utf8(|character| !character.is_control() && character != '\u{fffe}')
    }

    fn quoted<const N: usize>(texts: [&[u8]; N], locale: &Locale) -> [String; N] {
        texts.map(|text| quote(text, locale))
    }

    fn quoted_for_shell<const N: usize>(texts: [&str; N], locale: &Locale) -> [String; N] {
        texts.map(|text| quote_for_shell(text.as_bytes(), locale))
    }

    #[test]
    fn the_locale_has_the_quotes() {
        assert_eq!(quoted([b"", b"a b"], &Locale::ascii()), ["''", "'a b'"]);
        assert_eq!(quoted([b"", b"a b"], &utf8()), ["‘’", "‘a b’"]);
    }

    #[test]
    fn the_closing_quote_and_the_backslash_are_escaped() {
        assert_eq!(quoted([b"it's", b"\\", b"\"`"], &Locale::ascii()), ["'it\\'s'", "'\\\\'", "'\"`'"]);
        assert_eq!(quoted(["‘it’s".as_bytes(), b"it's\\"], &utf8()), ["‘‘it\\’s’", "‘it's\\\\’"]);
    }

    #[test]
    fn what_is_not_printable_is_a_letter_or_octal() {
        let text = b"\x07\x08\t\n\x0b\x0c\r\x01\x1b[1m\x7f0";
        for (locale, (open, close)) in [(Locale::ascii(), ('\'', '\'')), (utf8(), ('‘', '’'))] {
            let expected = format!("{open}\\a\\b\\t\\n\\v\\f\\r\\001\\033[1m\\1770{close}");
            assert_eq!(quote(text, &locale), expected);
        }
    }

    #[test]
    fn outside_utf_8_each_byte_that_is_not_ascii_is_octal() {
        let expected = ["'\\303\\251'", "'\\342\\200\\231'", "'\\377'"];
        assert_eq!(quoted(["é".as_bytes(), "’".as_bytes(), b"\xff"], &Locale::ascii()), expected);
        assert_eq!(quote_for_shell("é".as_bytes(), &Locale::ascii()), "''$'\\303\\251'");
    }

    #[test]
    fn in_utf_8_octal_is_what_is_invalid_or_not_printable() {
        assert_eq!(quote("é漢🦀".as_bytes(), &utf8()), "‘é漢🦀’");
        assert_eq!(quote("a\u{fffe}\u{9b}".as_bytes(), &utf8()), "‘a\\357\\277\\276\\302\\233’");
        // A continuation by itself, a surrogate, an overlong form, one cut short.
        let text = b"\x80 \xed\xa0\x80 \xc0\xaf \xe2\x80 \xc3";
        assert_eq!(quote(text, &utf8()), "‘\\200 \\355\\240\\200 \\300\\257 \\342\\200 \\303’");
    }

    #[test]
    fn for_a_shell_the_quotes_are_ascii_and_always_there() {
        for locale in [Locale::ascii(), utf8()] {
            assert_eq!(quoted_for_shell(["", "ab", "a\\b", "$x"], &locale), ["''", "'ab'", "'a\\b'", "'$x'"]);
        }
        assert_eq!(quoted_for_shell(["‘é’"], &utf8()), ["'‘é’'"]);
    }

    #[test]
    fn a_harmless_word_needs_no_quotes() {
        let shown = |text: &str| quote_for_shell_if_needed(text.as_bytes(), &utf8());
        for text in ["f", "/a/b-c.d_e", "é", "a#~", "{a}", "a]b"] {
            assert_eq!(shown(text), text);
        }
        for text in ["", "a b", "a:b", "#a", "~", "{", "$a", "a\\b", "a*"] {
            assert_eq!(shown(text), format!("'{text}'"));
        }
        assert_eq!(shown("it's"), "\"it's\"");
        assert_eq!(shown("a\n"), "'a'$'\\n'");
    }

    #[test]
    fn double_quotes_are_for_a_single_quote_among_what_is_harmless_in_them() {
        let locale = utf8();
        assert_eq!(
            quoted_for_shell(["it's", "'", "%+,-./09:@_AZ]é' ", "#'", "~'"], &locale),
            ["\"it's\"", "\"'\"", "\"%+,-./09:@_AZ]é' \"", "\"#'\"", "\"~'\""],
        );
        for special in "!\"$&()*;<=>?[\\^`{|}".chars() {
            assert_eq!(
                quote_for_shell(format!("{special}'").as_bytes(), &locale),
                format!("'{special}'\\'''")
            );
        }
        assert_eq!(quoted_for_shell(["'#", "'~"], &locale), ["''\\''#'", "''\\''~'"]);
        assert_eq!(quote_for_shell("é'".as_bytes(), &Locale::ascii()), "''$'\\303\\251'\\'''");
    }

    #[test]
    fn escapes_for_a_shell_are_together_in_quotes_of_their_own() {
        assert_eq!(
            quoted_for_shell(["a\nb", "\n", "\r\n\x1b0", "a'\n'b", "\n'"], &utf8()),
            ["'a'$'\\n''b'", "''$'\\n'", "''$'\\r\\n\\033''0'", "'a'\\'''$'\\n'\\''b'", "''$'\\n'\\'''"],
        );
        // env(1) of coreutils 9.1 begins these wrongly, in the state in which they end; later ones do not.
        assert_eq!(
            quoted_for_shell(["a'\n", "\na'\t"], &utf8()),
            ["'a'\\'''$'\\n'", "''$'\\n''a'\\'''$'\\t'"],
        );
    }
}
