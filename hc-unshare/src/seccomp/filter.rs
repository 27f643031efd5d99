//! The default filter: from the rules to a program. Pure.

use super::bpf::{Assembler, Field, Label};
use super::policy::{I386, Rule, Verdict, X86_64};
use std::ffi::OsStr;

const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;
const REFUSE: u32 = libc::SECCOMP_RET_ERRNO | libc::EPERM.unsigned_abs();
const MISSING: u32 = libc::SECCOMP_RET_ERRNO | libc::ENOSYS.unsigned_abs();

/// `AUDIT_ARCH_X86_64` and `AUDIT_ARCH_I386`: the machine of ELF, 64 bits, little end first.
pub(super) const ARCH_X86_64: u32 = 0xc000_003e;
pub(super) const ARCH_I386: u32 = 0x4000_0003;

/// The filter for a process to which these `capabilities` are left, on a kernel of this version.
pub(super) fn compile(capabilities: u64, version: (u32, u32)) -> Vec<libc::sock_filter> {
    let mut program = Assembler::default();
    // Not an architecture of this machine: no call comes from there.
    let other = program.end(libc::SECCOMP_RET_KILL_PROCESS);
    let i386 = numbers(&mut program, &I386, capabilities, version);
    let not_x86_64 = program.equal(ARCH_I386, i386, other);
    let x86_64 = numbers(&mut program, &X86_64, capabilities, version);
    let start = program.equal(ARCH_X86_64, x86_64, not_x86_64);
    let start = program.load(Field::Architecture, start);
    program.finish(start)
}

/// The verdict by the number of the call. Numbers that follow each other and have the same verdict are one range; what
/// is above all rules is the last.
fn numbers(program: &mut Assembler, rules: &[Rule], capabilities: u64, version: (u32, u32)) -> Label {
    let mut ranges = Vec::new();
    let mut last = None;
    let above = u32::try_from(rules.len()).ok().map(|above| (above, Verdict::Missing));
    let verdicts = rules.iter().map(|rule| rule.verdict(capabilities, version));
    for (number, verdict) in (0_u32..).zip(verdicts).chain(above) {
        if last != Some(verdict) {
            ranges.push((number, place(program, verdict)));
            last = Some(verdict);
        }
    }
    // There is at least what is above.
    let found = program.search(&ranges).unwrap_or_else(|| program.end(MISSING));
    program.load(Field::Number, found)
}

impl Rule {
    fn verdict(&self, capabilities: u64, version: (u32, u32)) -> Verdict {
        match self.otherwise {
            _ if self.with & capabilities != 0 => Verdict::Allow,
            Verdict::Since(major, minor) if version >= (major, minor) => Verdict::Allow,
            Verdict::Since(..) => Verdict::Refuse,
            verdict => verdict,
        }
    }
}

fn place(program: &mut Assembler, verdict: Verdict) -> Label {
    match verdict {
        Verdict::Allow => program.end(ALLOW),
        Verdict::Missing => program.end(MISSING),
        Verdict::Refuse | Verdict::Since(..) => program.end(REFUSE),
        Verdict::Within(argument, allowed) => {
            let ranges = within(program, allowed);
            let found = program.search(&ranges).unwrap_or_else(|| program.end(REFUSE));
            program.load(Field::Argument(argument), found)
        }
        Verdict::Without(argument, mask) => {
            let (refuse, allow) = (program.end(REFUSE), program.end(ALLOW));
            let tested = program.any_of(mask, refuse, allow);
            program.load(Field::Argument(argument), tested)
        }
    }
}

/// The whole of the 32 bits: `allowed`, from first to last each, and what is between.
fn within(program: &mut Assembler, allowed: &[(u32, u32)]) -> Vec<(u32, Label)> {
    let (allow, refuse) = (program.end(ALLOW), program.end(REFUSE));
    let mut ranges = vec![(0, refuse)];
    for (first, last) in allowed {
        // Only the very first one can begin where the range before it does.
        ranges.pop_if(|(start, _)| start == first);
        ranges.push((*first, allow));
        ranges.extend(last.checked_add(1).map(|next| (next, refuse)));
    }
    ranges
}

/// The first two numbers of a release of Linux, as uname(2) tells it. What is no number is 0, as old as can be.
pub(super) fn version(release: &OsStr) -> (u32, u32) {
    let mut numbers = release.as_encoded_bytes().split(|byte| !byte.is_ascii_digit()).map(|digits| {
        std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).unwrap_or_default()
    });
    (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default())
}
