//! Options as getopt_long(3) reads them with `+`: they end at the first operand or at `--`.

use crate::error::{Error, Result};
use crate::show::show;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// A tool's command line, read from left to right. Byte strings throughout.
pub struct Args {
    parser: lexopt::Parser,
    /// The word read last, for the messages about an option that is not known.
    word: OsString,
    /// The first operand, once met.
    operand: Option<OsString>,
    /// The option read last, for the messages about its value.
    current: Option<Opt>,
}

/// An option as the user gave it; a long one by its full name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opt {
    /// `-x`
    Short(char),
    /// `--name`, also when it was abbreviated.
    Long(&'static str),
}

impl Args {
    /// `arguments` are those after the program's name.
    pub fn new<I>(arguments: I) -> Self
    where
        I: IntoIterator<Item: Into<OsString>, IntoIter: 'static>,
    {
        Args { parser: parser(arguments), word: OsString::new(), operand: None, current: None }
    }

    /// The next option; `None` at the first operand, after `--`, and at the end. `longs` are the tool's long
    /// options, without `--`; of each, an unambiguous beginning is enough. Fails with getopt_long(3)'s messages on a
    /// long option that is not among them, is ambiguous, or has a value that the caller did not ask for.
    pub fn next(&mut self, longs: &[&'static str]) -> Result<Option<Opt>> {
        self.next_beside(longs, &[])
    }

    /// [`Args::next`] for a drop-in that has options of its own beside those of the original: a beginning that means
    /// an option of the `original`'s there means the same here, whatever `own` ones begin so too.
    pub fn next_beside(&mut self, original: &[&'static str], own: &[&'static str]) -> Result<Option<Opt>> {
        if self.operand.is_some() {
            return Ok(None);
        }
        // Unless the last one was a cluster (-abc) that has letters left.
        if let Some(word) = self.parser.try_raw_args().as_ref().and_then(|rest| rest.peek()) {
            word.clone_into(&mut self.word);
        }
        let option = match self.parser.next() {
            Ok(None) => return Ok(None),
            Ok(Some(lexopt::Arg::Value(operand))) => {
                self.operand = Some(operand);
                return Ok(None);
            }
            Ok(Some(lexopt::Arg::Short(letter))) => Opt::Short(letter),
            Ok(Some(lexopt::Arg::Long(name))) => {
                let name = name.to_owned();
                Opt::Long(self.complete(&name, original, own)?)
            }
            // The one error next() has: a value was given to an option that did not ask for one.
            Err(_) => return Err(self.unwanted_value()),
        };
        self.current = Some(option);
        // These end the parse, so that nobody would meet the value.
        if matches!(option, Opt::Long("help" | "version")) && self.parser.optional_value().is_some() {
            return Err(self.unwanted_value());
        }
        Ok(Some(option))
    }

    /// The value of the option just read: the rest of its word, or the next word, whatever that looks like.
    pub fn value(&mut self) -> Result<OsString> {
        self.parser.value().map_err(|_| match self.current {
            Some(Opt::Short(letter)) => Error::usage(format!("option requires an argument -- '{letter}'")),
            Some(Opt::Long(name)) => Error::usage(format!("option '--{name}' requires an argument")),
            None => Error::usage("a value without an option"),
        })
    }

    /// The value of the option just read, if it was given in the same word (`--name=VALUE`).
    pub fn optional_value(&mut self) -> Option<OsString> {
        self.parser.optional_value()
    }

    /// Puts `words` before those that have not been read yet, and goes on with them as with a new command line: what
    /// env(1) does with the parts of its option -S. Called when the value of that option has been taken.
    pub fn splice(&mut self, words: Vec<OsString>) -> Result<()> {
        let rest = self.parser.raw_args().map_err(|_| Error::usage("a value without an option"))?;
        self.parser = parser(words.into_iter().chain(rest).collect::<Vec<_>>());
        Ok(())
    }

    /// The error for an option that the tool's `match` does not have.
    #[must_use]
    pub fn unrecognized(&self, option: Opt) -> Error {
        match option {
            Opt::Short(letter) => Error::usage(format!("invalid option -- '{}'", self.letter(letter))),
            Opt::Long(name) => Error::usage(format!("unrecognized option '--{name}'")),
        }
    }

    /// What is left when [`Args::next`] has said `None`: operands, NEXT and its arguments, untouched.
    pub fn operands(mut self) -> Result<Vec<OsString>> {
        let rest = self.parser.raw_args().map_err(|_| Error::usage("a value without an option"))?;
        Ok(self.operand.into_iter().chain(rest).collect())
    }

    /// The full name that `given` abbreviates, in getopt_long(3)'s words when there is none or no single one.
    fn complete(&self, given: &str, original: &[&'static str], own: &[&'static str]) -> Result<&'static str> {
        if let Some(exact) = original.iter().chain(own).find(|long| **long == given) {
            return Ok(exact);
        }
        let beginning = |longs: &[&'static str]| -> Vec<&'static str> {
            longs.iter().filter(|long| long.starts_with(given)).copied().collect()
        };
        let mut matches = beginning(original);
        if matches.is_empty() {
            matches = beginning(own);
        }
        if let [only] = matches.as_slice() {
            return Ok(only);
        }
        let whole = show(&self.word);
        if matches.is_empty() {
            return Err(Error::usage(format!("unrecognized option '{whole}'")));
        }
        let possible: Vec<String> = matches.iter().map(|long| format!("'--{long}'")).collect();
        Err(Error::usage(format!("option '{whole}' is ambiguous; possibilities: {}", possible.join(" "))))
    }

    /// A short option as it was given: lexopt puts U+FFFD for what is not UTF-8.
    fn letter(&self, letter: char) -> String {
        let given =
            self.word.as_bytes().utf8_chunks().map(|chunk| chunk.invalid()).find(|bad| !bad.is_empty());
        match given {
            Some(bytes) if letter == char::REPLACEMENT_CHARACTER => {
                show(OsStr::from_bytes(bytes)).to_string()
            }
            _ => show(&letter.to_string()).to_string(),
        }
    }

    fn unwanted_value(&self) -> Error {
        match self.current {
            Some(Opt::Long(name)) => Error::usage(format!("option '--{name}' doesn't allow an argument")),
            _ => Error::usage("an option was given a value that it does not take"),
        }
    }
}

fn parser<I>(arguments: I) -> lexopt::Parser
where
    I: IntoIterator<Item: Into<OsString>, IntoIter: 'static>,
{
    let mut parser = lexopt::Parser::from_args(arguments);
    // getopt: in `-u=X` the value of -u is "=X".
    parser.set_short_equals(false);
    parser
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStringExt;

    const LONGS: &[&str] = &["fork", "help", "ignore-environment", "ignore-signal", "root", "root-mode"];

    fn args(words: &[&str]) -> Args {
        Args::new(words.iter().map(OsString::from).collect::<Vec<_>>())
    }

    fn first_error(words: &[&str]) -> String {
        let mut args = args(words);
        loop {
            match args.next(LONGS) {
                Ok(Some(_)) => {}
                Ok(None) => return "no error".into(),
                Err(error) => return error.to_string(),
            }
        }
    }

    #[test]
    fn options_end_at_the_first_operand() {
        let mut args = args(&["-i", "--fork", "prog", "-x", "--", "--fork"]);
        assert_eq!(args.next(LONGS), Ok(Some(Opt::Short('i'))));
        assert_eq!(args.next(LONGS), Ok(Some(Opt::Long("fork"))));
        assert_eq!(args.next(LONGS), Ok(None));
        assert_eq!(args.next(LONGS), Ok(None));
        assert_eq!(args.operands().unwrap(), ["prog", "-x", "--", "--fork"]);
    }

    #[test]
    fn a_double_dash_ends_them_and_is_taken_away_once() {
        let mut args = args(&["-i", "--", "--", "-i"]);
        assert_eq!(args.next(LONGS), Ok(Some(Opt::Short('i'))));
        assert_eq!(args.next(LONGS), Ok(None));
        assert_eq!(args.operands().unwrap(), ["--", "-i"]);
    }

    #[test]
    fn long_names_may_be_abbreviated_as_getopt_long_allows() {
        let mut args = args(&["--fo", "--root=/x", "--root-", "y", "--ignore-e"]);
        assert_eq!(args.next(LONGS), Ok(Some(Opt::Long("fork"))));
        assert_eq!(args.next(LONGS), Ok(Some(Opt::Long("root"))));
        assert_eq!(args.value().unwrap(), "/x");
        assert_eq!(args.next(LONGS), Ok(Some(Opt::Long("root-mode"))));
        assert_eq!(args.value().unwrap(), "y");
        assert_eq!(args.next(LONGS), Ok(Some(Opt::Long("ignore-environment"))));
    }

    #[test]
    fn an_option_of_the_original_keeps_its_beginnings() {
        let mut args = args(&["--ro", "--for=1", "--root-m", "--fork-lift"]);
        let mut next = || args.next_beside(&["root", "unset"], &["root-mode", "fork-lift", "rooster"]);
        assert_eq!(next(), Ok(Some(Opt::Long("root"))));
        assert_eq!(next(), Ok(Some(Opt::Long("fork-lift"))));
        assert_eq!(args.value().unwrap(), "1");
        let mut next = || args.next_beside(&["root", "unset"], &["root-mode", "fork-lift", "rooster"]);
        assert_eq!(next(), Ok(Some(Opt::Long("root-mode"))));
        assert_eq!(next(), Ok(Some(Opt::Long("fork-lift"))));
    }

    #[test]
    fn spliced_words_are_read_as_if_they_had_been_given() {
        let mut args = args(&["-iSx", "-f", "--", "b"]);
        assert_eq!(args.next(LONGS), Ok(Some(Opt::Short('i'))));
        assert_eq!(args.next(LONGS), Ok(Some(Opt::Short('S'))));
        assert_eq!(args.value().unwrap(), "x");
        args.splice(["-ab", "--fo"].map(OsString::from).to_vec()).unwrap();
        for option in [Opt::Short('a'), Opt::Short('b'), Opt::Long("fork"), Opt::Short('f')] {
            assert_eq!(args.next(LONGS), Ok(Some(option)));
        }
        assert_eq!(args.next(LONGS), Ok(None));
        assert_eq!(args.operands().unwrap(), ["b"]);
    }

    #[test]
    fn errors_have_getopt_s_words() {
        assert_eq!(
            first_error(&["--ignore"]),
            "option '--ignore' is ambiguous; possibilities: '--ignore-environment' '--ignore-signal'"
        );
        assert_eq!(first_error(&["--nope=1"]), "unrecognized option '--nope=1'");
        assert_eq!(first_error(&["--fork=1", "x"]), "option '--fork' doesn't allow an argument");
        assert_eq!(first_error(&["--he=1"]), "option '--help' doesn't allow an argument");
        let mut short = args(&["-u"]);
        short.next(LONGS).unwrap();
        assert_eq!(short.value().unwrap_err().to_string(), "option requires an argument -- 'u'");
        let mut long = args(&["--root"]);
        long.next(LONGS).unwrap();
        assert_eq!(long.value().unwrap_err().to_string(), "option '--root' requires an argument");
    }

    #[test]
    fn what_is_not_utf_8_is_shown_byte_by_byte() {
        let error = |word: &[u8]| {
            let mut args = Args::new([OsString::from_vec(word.to_vec())]);
            loop {
                match args.next(LONGS) {
                    Ok(Some(Opt::Short('a'))) => {}
                    Ok(Some(option)) => return args.unrecognized(option).to_string(),
                    Ok(None) => return "no error".into(),
                    Err(error) => return error.to_string(),
                }
            }
        };
        assert_eq!(error(b"-a\xffb"), "invalid option -- '\\xff'");
        assert_eq!(error("-a\u{fffd}b".as_bytes()), "invalid option -- '\u{fffd}'");
        assert_eq!(error(b"--f\xff=\n\xfe"), "unrecognized option '--f\\xff=\\n\\xfe'");
        assert_eq!(error(b"-a\x1b"), "invalid option -- '\\x1b'");
    }

    #[test]
    fn values_are_bytes_and_may_look_like_options() {
        let odd = OsString::from_vec(b"\xff=\x80".to_vec());
        let mut args = Args::new(vec!["-u".into(), odd.clone(), "-u=X".into(), "-u".into(), "--".into()]);
        for expected in [odd, "=X".into(), "--".into()] {
            assert_eq!(args.next(LONGS), Ok(Some(Opt::Short('u'))));
            assert_eq!(args.value().unwrap(), expected);
        }
        assert_eq!(args.next(LONGS), Ok(None));
    }
}
