//! ELF files for any machine, made by hand: what a loader reads of a program or library, and nothing to execute.

/// A class, a byte order, and e_machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Machine {
    pub(super) wide: bool,
    pub(super) little_endian: bool,
    pub(super) number: u16,
}

pub(super) const I386: Machine = Machine { wide: false, little_endian: true, number: 3 };
pub(super) const AMD64: Machine = Machine { wide: true, little_endian: true, number: 62 };
pub(super) const ARM: Machine = Machine { wide: false, little_endian: true, number: 40 };
pub(super) const ARM64: Machine = Machine { wide: true, little_endian: true, number: 183 };
pub(super) const PPC32: Machine = Machine { wide: false, little_endian: false, number: 20 };
pub(super) const S390X: Machine = Machine { wide: true, little_endian: false, number: 22 };

const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const PT_INTERP: u32 = 3;
const DT_NEEDED: u64 = 1;
const DT_STRTAB: u64 = 5;
const DT_STRSZ: u64 = 10;
const DT_SONAME: u64 = 14;
const DT_RPATH: u64 = 15;
const DT_RUNPATH: u64 = 29;

/// What is to be in the file.
pub(super) struct Elf {
    machine: Machine,
    interpreter: Option<String>,
    entries: Vec<(u64, String)>,
    text: Vec<u8>,
}

impl Elf {
    /// A file of ET_DYN with nothing in it: a library, a loader, or a static-pie program.
    pub(super) fn new(machine: Machine) -> Self {
        Elf { machine, interpreter: None, entries: Vec::new(), text: Vec::new() }
    }

    /// One with this loader is a program.
    pub(super) fn loader(mut self, name: &str) -> Self {
        self.interpreter = Some(name.to_owned());
        self
    }

    pub(super) fn needs(self, name: &str) -> Self {
        self.entry(DT_NEEDED, name)
    }

    pub(super) fn soname(self, name: &str) -> Self {
        self.entry(DT_SONAME, name)
    }

    pub(super) fn rpath(self, path: &str) -> Self {
        self.entry(DT_RPATH, path)
    }

    pub(super) fn runpath(self, path: &str) -> Self {
        self.entry(DT_RUNPATH, path)
    }

    /// The directories that a loader of glibc has compiled in.
    pub(super) fn directories(mut self, directories: &[&str]) -> Self {
        self.text = directories.iter().flat_map(|name| format!("{name}/\0").into_bytes()).collect();
        self
    }

    fn entry(mut self, tag: u64, text: &str) -> Self {
        self.entries.push((tag, text.to_owned()));
        self
    }

    /// The file: header, program headers, dynamic section, strings, the loader's name, text. All of it is one
    /// segment at address 0.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let machine = self.machine;
        let (header, segment, word) = if machine.wide { (64, 56, 8) } else { (52, 32, 4) };
        let segments = 2 + u64::from(self.interpreter.is_some());
        let dynamic = header + segments * segment;
        let dynamic_size = (self.entries.len() as u64 + 3) * 2 * word;
        let mut strings = vec![0];
        let mut entries: Vec<(u64, u64)> = Vec::new();
        for (tag, text) in &self.entries {
            entries.push((*tag, strings.len() as u64));
            strings.extend(text.bytes().chain([0]));
        }
        let start = dynamic + dynamic_size;
        entries.extend([(DT_STRTAB, start), (DT_STRSZ, strings.len() as u64), (0, 0)]);
        let interpreter =
            self.interpreter.iter().flat_map(|name| name.bytes().chain([0])).collect::<Vec<u8>>();
        let interpreter_at = start + strings.len() as u64;
        let end = interpreter_at + (interpreter.len() + self.text.len()) as u64;

        let mut out = Out { machine, bytes: Vec::new() };
        out.header(header, segment, segments);
        out.segment(PT_LOAD, 0, end);
        if !interpreter.is_empty() {
            out.segment(PT_INTERP, interpreter_at, interpreter.len() as u64);
        }
        out.segment(PT_DYNAMIC, dynamic, dynamic_size);
        for (tag, value) in entries {
            out.word(tag);
            out.word(value);
        }
        [out.bytes, strings, interpreter, self.text.clone()].concat()
    }
}

struct Out {
    machine: Machine,
    bytes: Vec<u8>,
}

impl Out {
    /// The low `size` bytes of `value`.
    fn number(&mut self, value: u64, size: usize) {
        if self.machine.little_endian {
            self.bytes.extend(&value.to_le_bytes()[..size]);
        } else {
            self.bytes.extend(&value.to_be_bytes()[8 - size..]);
        }
    }

    fn word(&mut self, value: u64) {
        self.number(value, if self.machine.wide { 8 } else { 4 });
    }

    fn header(&mut self, size: u64, segment: u64, segments: u64) {
        let Machine { wide, little_endian, number } = self.machine;
        self.bytes.extend([0x7f, b'E', b'L', b'F', 1 + u8::from(wide), 2 - u8::from(little_endian), 1]);
        self.bytes.resize(16, 0);
        self.number(3, 2); // ET_DYN
        self.number(number.into(), 2);
        self.number(1, 4);
        self.word(0);
        self.word(size); // e_phoff: right behind
        self.word(0);
        self.number(0, 4);
        for half in [size, segment, segments, 0, 0, 0] {
            self.number(half, 2);
        }
    }

    fn segment(&mut self, kind: u32, offset: u64, size: u64) {
        const READABLE: u64 = 4;
        self.number(kind.into(), 4);
        if self.machine.wide {
            self.number(READABLE, 4);
        }
        for value in [offset, offset, offset, size, size] {
            self.word(value);
        }
        if !self.machine.wide {
            self.number(READABLE, 4);
        }
        self.word(1);
    }
}
