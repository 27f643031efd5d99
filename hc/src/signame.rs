//! Names of signals, as the GNU tools read and write them.

use std::os::raw::c_int;

/// The first name of a number is the one that is shown.
const NAMES: [(&[u8], c_int); 34] = [
    (b"HUP", libc::SIGHUP),
    (b"INT", libc::SIGINT),
    (b"QUIT", libc::SIGQUIT),
    (b"ILL", libc::SIGILL),
    (b"TRAP", libc::SIGTRAP),
    (b"ABRT", libc::SIGABRT),
    (b"IOT", libc::SIGIOT),
    (b"BUS", libc::SIGBUS),
    (b"FPE", libc::SIGFPE),
    (b"KILL", libc::SIGKILL),
    (b"USR1", libc::SIGUSR1),
    (b"SEGV", libc::SIGSEGV),
    (b"USR2", libc::SIGUSR2),
    (b"PIPE", libc::SIGPIPE),
    (b"ALRM", libc::SIGALRM),
    (b"TERM", libc::SIGTERM),
    (b"STKFLT", libc::SIGSTKFLT),
    (b"CHLD", libc::SIGCHLD),
    (b"CLD", libc::SIGCHLD),
    (b"CONT", libc::SIGCONT),
    (b"STOP", libc::SIGSTOP),
    (b"TSTP", libc::SIGTSTP),
    (b"TTIN", libc::SIGTTIN),
    (b"TTOU", libc::SIGTTOU),
    (b"URG", libc::SIGURG),
    (b"XCPU", libc::SIGXCPU),
    (b"XFSZ", libc::SIGXFSZ),
    (b"VTALRM", libc::SIGVTALRM),
    (b"PROF", libc::SIGPROF),
    (b"WINCH", libc::SIGWINCH),
    (b"POLL", libc::SIGPOLL),
    (b"IO", libc::SIGIO),
    (b"PWR", libc::SIGPWR),
    (b"SYS", libc::SIGSYS),
];

/// All that have a name: glibc keeps 32 and 33 to itself.
pub fn all() -> impl Iterator<Item = c_int> {
    (1..=libc::SIGSYS).chain(libc::SIGRTMIN()..=libc::SIGRTMAX())
}

/// `INT`, `RTMIN+1`, `RTMAX-1`.
#[must_use]
pub fn name(signal: c_int) -> String {
    let (first, last) = (libc::SIGRTMIN(), libc::SIGRTMAX());
    if let Some((name, _)) = NAMES.iter().find(|(_, number)| *number == signal) {
        return String::from_utf8_lossy(name).into_owned();
    }
    match signal {
        signal if signal == first => "RTMIN".to_owned(),
        signal if signal == last => "RTMAX".to_owned(),
        signal if signal - first <= (last - first) / 2 => format!("RTMIN+{}", signal - first),
        signal => format!("RTMAX-{}", last - signal),
    }
}

/// The signal that `operand` means: a name, in any case and with or without `SIG`, or a number. As in kill(1) of GNU, a
/// number may also be the status that a shell gives for a program that died of it (130 is 2).
#[must_use]
pub fn number(operand: &[u8]) -> Option<c_int> {
    let number = if operand.first()?.is_ascii_digit() {
        let number = integer(operand)?;
        number & if number >= 0xff { 0xff } else { 0x7f }
    } else {
        let upper = operand.to_ascii_uppercase();
        by_name(&upper).or_else(|| by_name(upper.strip_prefix(b"SIG")?))?
    };
    all().find(|signal| *signal == number)
}

fn by_name(name: &[u8]) -> Option<c_int> {
    let (first, last) = (libc::SIGRTMIN(), libc::SIGRTMAX());
    if name.first()?.is_ascii_digit() {
        return integer(name);
    }
    if let Some((_, number)) = NAMES.iter().find(|(known, _)| *known == name) {
        return Some(*number);
    }
    let (end, distance) = match (name.strip_prefix(b"RTMIN"), name.strip_prefix(b"RTMAX")) {
        (Some(distance), _) => (first, distance),
        (_, Some(distance)) => (last, distance),
        (None, None) => return None,
    };
    let distance = if distance.is_empty() { 0 } else { integer(distance)? };
    end.checked_add(distance).filter(|number| (first..=last).contains(number))
}

const SPACES: &[u8] = b" \t\n\x0b\x0c\r";

/// All of `text` as strtol(3) reads it: white space, a sign, decimal digits.
fn integer(text: &[u8]) -> Option<c_int> {
    let space = text.iter().take_while(|byte| SPACES.contains(byte)).count();
    std::str::from_utf8(text.get(space..)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_understood() {
        assert_eq!(all().count(), 62);
        for signal in all() {
            let name = name(signal);
            for operand in [name.clone(), name.to_lowercase(), format!("SIG{name}"), signal.to_string()] {
                assert_eq!(number(operand.as_bytes()), Some(signal), "{operand}");
            }
        }
        assert_eq!(name(49), "RTMIN+15");
        assert_eq!(name(50), "RTMAX-14");
    }

    #[test]
    fn other_ways_to_say_it() {
        for (operand, signal) in [
            ("iot", 6),
            ("CLD", 17),
            ("IO", 29),
            ("SIG9", 9),
            ("09", 9),
            ("130", 2),
            ("258", 2),
            ("RTMIN3", 37),
            ("RTMIN +3", 37),
            ("rtmin+0", 34),
            ("RTMAX-30", 34),
        ] {
            assert_eq!(number(operand.as_bytes()), Some(signal), "{operand}");
        }
        for operand in [
            "",
            "0",
            "EXIT",
            "32",
            "SIG33",
            "65",
            "128",
            "255",
            "9 ",
            " 9",
            "+9",
            "0x9",
            "SIG",
            "SIGSIGINT",
            "INT ",
            "RTMIN-1",
            "RTMIN+31",
            "RTMAX-31",
            "RTMAX+1",
            "RTMIN+",
            "RTMIN ",
            "4294967305",
            "99999999999999999999",
        ] {
            assert_eq!(number(operand.as_bytes()), None, "{operand}");
        }
    }
}
