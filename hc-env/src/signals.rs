//! What NEXT's signals are to be, as a value. Touches nothing.

use hc::signame;
use std::collections::BTreeMap;
use std::os::raw::c_int;

/// What is done with a signal when it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handling {
    Default,
    Ignore,
}

/// A change of one signal's handling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) handling: Handling,
    /// The signal was named: it is an error if the kernel refuses, as it does for KILL and STOP.
    pub(crate) named: bool,
}

/// All that was asked for. Of several options about a signal the last one counts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Signals {
    /// By number.
    pub(crate) changes: BTreeMap<c_int, Change>,
    /// By number: blocked, or not.
    pub(crate) mask: BTreeMap<c_int, bool>,
    /// The result is shown.
    pub(crate) list: bool,
}

/// The signals that an option is about.
pub(crate) enum Of {
    /// It has no value.
    All,
    /// Those of its value.
    These(Vec<c_int>),
}

impl Of {
    /// Reads the value of an option: names or numbers with commas between them. The error is the one that is no signal.
    pub(crate) fn value(value: Option<&[u8]>) -> Result<Self, &[u8]> {
        let Some(value) = value else { return Ok(Of::All) };
        let operands = value.split(|&byte| byte == b',').filter(|operand| !operand.is_empty());
        operands
            .map(|operand| signame::number(operand).ok_or(operand))
            .collect::<Result<_, _>>()
            .map(Of::These)
    }

    fn numbers(&self) -> Vec<c_int> {
        match self {
            Of::All => signame::all().collect(),
            Of::These(numbers) => numbers.clone(),
        }
    }
}

impl Signals {
    /// `--default-signal`, `--ignore-signal`. A signal that gets its default handling is not blocked any more, either.
    pub(crate) fn handle(&mut self, of: &Of, handling: Handling) {
        let change = Change { handling, named: matches!(of, Of::These(_)) };
        self.changes.extend(of.numbers().into_iter().map(|number| (number, change)));
        if handling == Handling::Default {
            self.mask.extend(of.numbers().into_iter().map(|number| (number, false)));
        }
    }

    /// `--block-signal`.
    pub(crate) fn block(&mut self, of: &Of) {
        self.mask.extend(of.numbers().into_iter().map(|number| (number, true)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> Of {
        Of::value(Some(value.as_bytes())).unwrap()
    }

    #[test]
    fn a_value_is_a_list_with_commas() {
        assert_eq!(of("INT,,9,sigpipe,").numbers(), [2, 9, 13]);
        assert!(of("").numbers().is_empty() && of(",").numbers().is_empty());
        assert_eq!(Of::value(Some(b"INT,nosuch,x")).err(), Some(&b"nosuch"[..]));
        assert_eq!(Of::value(None).unwrap().numbers().len(), 62);
    }

    #[test]
    fn the_last_option_about_a_signal_counts() {
        let mut signals = Signals::default();
        signals.block(&of("INT,TERM"));
        signals.handle(&Of::All, Handling::Ignore);
        signals.handle(&of("INT"), Handling::Default);
        assert_eq!(signals.changes[&2], Change { handling: Handling::Default, named: true });
        assert_eq!(signals.changes[&15], Change { handling: Handling::Ignore, named: false });
        assert_eq!(signals.mask, BTreeMap::from([(2, false), (15, true)]));
        signals.block(&of("INT"));
        assert!(signals.mask[&2]);
    }
}
