//! The machine that filters are programs for, as far as they use it; for tests.

/// `struct seccomp_data`: a system call.
#[derive(Clone, Copy)]
pub(super) struct Data {
    pub(super) number: u32,
    pub(super) architecture: u32,
    pub(super) arguments: [u64; 6],
}

impl Data {
    fn word(&self, offset: u32) -> u32 {
        let half = |value: u64, high: bool| {
            u32::try_from(if high { value >> 32 } else { value & 0xffff_ffff }).unwrap()
        };
        match offset {
            0 => self.number,
            4 => self.architecture,
            16..64 if offset.is_multiple_of(4) => {
                let argument = usize::try_from((offset - 16) / 8).unwrap();
                half(self.arguments[argument], offset % 8 == 4)
            }
            _ => panic!("a load from offset {offset}"),
        }
    }
}

/// The verdict on `data`, and after how many instructions. The kernel's rules are kept to: what it would refuse to load
/// is a panic here.
pub(super) fn run(program: &[libc::sock_filter], data: Data) -> (u32, usize) {
    assert!(program.len() <= 4096, "{} instructions", program.len());
    let (mut at, mut steps, mut loaded) = (0, 0, None);
    loop {
        let instruction = program.get(at).expect("a jump out of the program");
        at += 1;
        steps += 1;
        let jump = |condition: bool| usize::from(if condition { instruction.jt } else { instruction.jf });
        let value = || -> u32 { loaded.expect("a test before a load") };
        // BPF_LD | BPF_W | BPF_ABS and so on, as <linux/bpf_common.h> adds them up.
        match instruction.code {
            0x20 => loaded = Some(data.word(instruction.k)),
            0x05 => at += usize::try_from(instruction.k).unwrap(),
            0x15 => at += jump(value() == instruction.k),
            0x35 => at += jump(value() >= instruction.k),
            0x45 => at += jump(value() & instruction.k != 0),
            0x06 => return (instruction.k, steps),
            code => panic!("instruction {code:#x}"),
        }
    }
}
