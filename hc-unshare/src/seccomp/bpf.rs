//! Programs for the filter machine of seccomp(2). Pure.
//!
//! Jumps lead forward only, so a program is written from its end to its beginning: where a jump leads to is known when it
//! is written, and the same verdict is there once for many jumps. The fewer instructions there are, the sooner the kernel
//! has compiled them.

use libc::{BPF_ABS, BPF_JA, BPF_JEQ, BPF_JGE, BPF_JMP, BPF_JSET, BPF_K, BPF_LD, BPF_RET, BPF_W};

/// A program, or the end of one.
#[derive(Default)]
pub(super) struct Assembler {
    /// Its instructions, the last one first.
    reversed: Vec<libc::sock_filter>,
    /// Where verdicts are.
    ends: Vec<(u32, Label)>,
}

/// A place in a program: how many instructions there are from it to the end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Label(usize);

/// How far a jump with a condition goes, less the two instructions that can get between.
const FAR: usize = 253;

/// What of a system call is looked at: an offset in `struct seccomp_data`. All of them are 32 bits wide.
#[derive(Clone, Copy)]
pub(super) enum Field {
    /// The number of the call.
    Number,
    /// For which architecture the number is one.
    Architecture,
    /// The lower half of an argument, counted from 0. For an argument that is an int to the kernel it is all of it: the
    /// upper half can hold anything and changes nothing.
    Argument(u8),
}

impl Field {
    fn offset(self) -> u32 {
        match self {
            Field::Number => 0,
            Field::Architecture => 4,
            Field::Argument(index) => 16 + 8 * u32::from(index),
        }
    }
}

impl Assembler {
    /// Ends with `verdict`, one of seccomp(2)'s.
    pub(super) fn end(&mut self, verdict: u32) -> Label {
        let here = self.reversed.len();
        let near = |label: &Label| here - label.0 <= FAR;
        if let Some((_, label)) = self.ends.iter().rfind(|(other, label)| *other == verdict && near(label)) {
            return *label;
        }
        let label = self.push(BPF_RET | BPF_K, verdict, 0, 0);
        self.ends.push((verdict, label));
        label
    }

    /// Loads `field`, and goes on at `next`.
    pub(super) fn load(&mut self, field: Field, next: Label) -> Label {
        self.fall_through_to(next);
        self.push(BPF_LD | BPF_W | BPF_ABS, field.offset(), 0, 0)
    }

    /// Goes on where the range leads to that what was loaded is in. Each of `ranges` begins with its number, and goes up
    /// to the next; the first begins with 0. A binary search: the number of instructions that are executed grows with
    /// the logarithm.
    pub(super) fn search(&mut self, ranges: &[(u32, Label)]) -> Option<Label> {
        match ranges.split_at(ranges.len() / 2) {
            ([], []) => None,
            ([], [(_, label), ..]) => Some(*label),
            (lower, upper) => {
                let first = upper.first()?.0;
                let yes = self.search(upper)?;
                let no = self.search(lower)?;
                Some(self.branch(BPF_JGE, first, yes, no))
            }
        }
    }

    /// Goes on at `yes` if what was loaded is `value`, else at `no`.
    pub(super) fn equal(&mut self, value: u32, yes: Label, no: Label) -> Label {
        self.branch(BPF_JEQ, value, yes, no)
    }

    /// Goes on at `yes` if what was loaded has one of the bits of `mask`, else at `no`.
    pub(super) fn any_of(&mut self, mask: u32, yes: Label, no: Label) -> Label {
        self.branch(BPF_JSET, mask, yes, no)
    }

    /// The program that starts at `label`.
    pub(super) fn finish(mut self, label: Label) -> Vec<libc::sock_filter> {
        self.fall_through_to(label);
        self.reversed.reverse();
        self.reversed
    }

    fn branch(&mut self, condition: u32, value: u32, yes: Label, no: Label) -> Label {
        let (yes, no) = (self.in_reach(yes), self.in_reach(no));
        let (yes, no) = (self.distance(yes), self.distance(no));
        self.push(BPF_JMP | condition | BPF_K, value, yes, no)
    }

    /// `label`, or a jump to it if it is too far for a jump with a condition.
    fn in_reach(&mut self, label: Label) -> Label {
        if self.reversed.len() - label.0 <= FAR { label } else { self.jump(label) }
    }

    fn fall_through_to(&mut self, label: Label) {
        if label.0 != self.reversed.len() {
            self.jump(label);
        }
    }

    fn jump(&mut self, label: Label) -> Label {
        let distance = u32::try_from(self.reversed.len() - label.0).unwrap_or(u32::MAX);
        self.push(BPF_JMP | BPF_JA, distance, 0, 0)
    }

    /// How many instructions the next one has to skip.
    fn distance(&self, label: Label) -> u8 {
        u8::try_from(self.reversed.len() - label.0).unwrap_or(u8::MAX)
    }

    fn push(&mut self, code: u32, k: u32, jt: u8, jf: u8) -> Label {
        let code = u16::try_from(code).unwrap_or_default();
        self.reversed.push(libc::sock_filter { code, jt, jf, k });
        Label(self.reversed.len())
    }
}
