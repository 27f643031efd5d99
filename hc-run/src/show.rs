//! The chain for those who want to see it: as a command line for sh(1), and link by link.

use crate::chain::Link;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

/// `words` as one line that, given to a POSIX shell, runs them again, byte for byte.
pub(crate) fn line(words: &[OsString]) -> Vec<u8> {
    let quoted: Vec<Vec<u8>> =
        words.iter().enumerate().map(|(at, word)| quote(word.as_bytes(), at == 0)).collect();
    let mut line = quoted.join(&b' ');
    line.push(b'\n');
    line
}

/// A link a line, each with what it is for.
pub(crate) fn tree(chain: &[Link]) -> Vec<u8> {
    let mut text = Vec::new();
    for link in chain {
        let words: Vec<OsString> =
            std::iter::once(link.tool.name().into()).chain(link.words.iter().cloned()).collect();
        text.extend(line(&words));
        text.extend(format!("    {}\n", link.why).into_bytes());
    }
    text
}

/// Leaves alone what is the same to every shell. A first word with `=` would be an assignment; at the start of
/// any word, zsh takes `=` for the path of a program.
fn quote(word: &[u8], first: bool) -> Vec<u8> {
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:,@%+".contains(&byte) || (byte == b'=' && !first);
    if !word.is_empty() && !word.starts_with(b"=") && word.iter().all(|&byte| plain(byte)) {
        return word.to_vec();
    }
    let mut quoted = vec![b'\''];
    for &byte in word {
        match byte {
            // Nothing can be escaped within '…': end it, a quote by itself, begin again.
            b'\'' => quoted.extend_from_slice(b"'\\''"),
            byte => quoted.push(byte),
        }
    }
    quoted.push(b'\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(words: &[&str]) -> String {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        String::from_utf8(line(&words)).unwrap()
    }

    #[test]
    fn plain_words_stay_plain() {
        assert_eq!(quoted(&["/bin/a", "-i", "x=1", "--root=/ns/a"]), "/bin/a -i x=1 --root=/ns/a\n");
    }

    #[test]
    fn what_a_shell_would_change_is_quoted() {
        assert_eq!(
            quoted(&["a=b", "", "it's", "$x", "~", "a\nb", "#", "=ls"]),
            "'a=b' '' 'it'\\''s' '$x' '~' 'a\nb' '#' '=ls'\n"
        );
    }
}
