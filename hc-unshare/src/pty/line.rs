//! What the line disciplines of the two terminals are to do with bytes. Pure.

use libc::_POSIX_VDISABLE;
use nix::sys::termios::{
    InputFlags, LocalFlags, OutputFlags, SpecialCharacterIndices as Special, Termios, cfmakeraw,
};

/// Every byte as it comes, at once.
pub(super) fn raw(mut mode: Termios) -> Termios {
    cfmakeraw(&mut mode);
    mode.input_flags -= InputFlags::IXOFF | InputFlags::IXANY;
    mode
}

/// Whether it is so, as far as anybody would notice.
pub(super) fn is_raw(mode: &Termios) -> bool {
    !mode.local_flags.intersects(LocalFlags::ICANON | LocalFlags::ISIG | LocalFlags::ECHO)
        && !mode.output_flags.contains(OutputFlags::OPOST)
}

/// The new terminal's own mode, from the one that it was born with: the caller's, if he has one.
pub(super) fn own(born: Termios, caller_s: Option<Termios>, is_silent: bool) -> Termios {
    let mut mode = caller_s.unwrap_or(born);
    if is_silent {
        mode.local_flags -= LocalFlags::ECHO;
    }
    mode
}

/// What is typed to say that there is no more. In the middle of a line, the first one only ends that.
pub(super) fn end_of_file(mode: &Termios, last: Option<u8>) -> Vec<u8> {
    let key = mode.control_chars.get(Special::VEOF as usize).copied().unwrap_or(_POSIX_VDISABLE);
    let is_inside_line =
        mode.local_flags.contains(LocalFlags::ICANON) && last.is_some_and(|byte| byte != b'\n');
    match key {
        _POSIX_VDISABLE => Vec::new(),
        key => vec![key; if is_inside_line { 2 } else { 1 }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a terminal is born: drivers/tty/tty_io.c, tty_std_termios.
    fn born() -> Termios {
        let mut mode = Termios::from(libc::termios {
            c_iflag: libc::ICRNL | libc::IXON,
            c_oflag: libc::OPOST | libc::ONLCR,
            c_cflag: libc::B38400 | libc::CS8 | libc::CREAD | libc::HUPCL,
            c_lflag: libc::ISIG | libc::ICANON | libc::ECHO | libc::IEXTEN,
            c_line: 0,
            c_cc: [0; libc::NCCS],
            c_ispeed: libc::B38400,
            c_ospeed: libc::B38400,
        });
        mode.control_chars[Special::VEOF as usize] = 4;
        mode
    }

    #[test]
    fn raw_is_raw_and_nothing_else_is() {
        assert!(!is_raw(&born()));
        let made = raw(born());
        assert!(is_raw(&made));
        assert_eq!(made.input_flags, InputFlags::empty());
        assert_eq!(made.control_chars[Special::VMIN as usize], 1);
        let mut with_keys = made.clone();
        with_keys.local_flags |= LocalFlags::ISIG;
        assert!(!is_raw(&with_keys));
        let mut with_lines = made;
        with_lines.output_flags |= OutputFlags::OPOST;
        assert!(!is_raw(&with_lines));
    }

    #[test]
    fn the_caller_s_mode_is_taken_and_silence_is_without_echo_alone() {
        let mut caller_s = born();
        caller_s.control_chars[Special::VINTR as usize] = 7;
        assert_eq!(own(born(), Some(caller_s.clone()), false), caller_s);
        assert_eq!(own(born(), None, false), born());
        let mut silent = born();
        silent.local_flags -= LocalFlags::ECHO;
        assert_eq!(own(born(), None, true), silent);
    }

    #[test]
    fn an_end_is_typed_once_more_in_the_middle_of_a_line() {
        assert_eq!(end_of_file(&born(), None), [4]);
        assert_eq!(end_of_file(&born(), Some(b'\n')), [4]);
        assert_eq!(end_of_file(&born(), Some(b'x')), [4, 4]);
        let mut other = raw(born());
        other.control_chars[Special::VEOF as usize] = 26;
        assert_eq!(end_of_file(&other, Some(b'x')), [26]);
        other.control_chars[Special::VEOF as usize] = 0;
        assert_eq!(end_of_file(&other, None), []);
    }
}
