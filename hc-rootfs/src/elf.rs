//! What the loader reads of an ELF file: its machine, its loader, and the names in its dynamic section.
//!
//! Every file is hostile. Reads are bounded by the limits below whatever the headers claim; offsets and
//! sizes are checked before they are used.

mod defect;
mod notes;
mod strings;
mod unwind;

use crate::errno::errno_of;
pub(crate) use defect::Defect;
use goblin::container::{Container, Ctx};
use goblin::elf::dynamic::{
    DF_1_NODEFLIB, DT_FLAGS_1, DT_NEEDED, DT_RPATH, DT_RUNPATH, DT_SONAME, DT_STRSZ, DT_STRTAB, Dyn, Dynamic,
};
use goblin::elf::header::{ET_DYN, ET_EXEC};
use goblin::elf::program_header::{PT_DYNAMIC, PT_INTERP, PT_LOAD, ProgramHeader};
use nix::errno::Errno;
use std::collections::HashSet;
use std::os::unix::fs::FileExt;
use strings::Strings;
pub(crate) use unwind::unwinds;

/// Most of what is asked for lies in the first page.
const HEAD: usize = 4096;
/// A 64-bit ELF header; after a 32-bit one, which has 52 bytes, a program header follows.
const MIN_HEADER: usize = 64;
/// Headers beyond this the kernel refuses too (load_elf_phdrs() in fs/binfmt_elf.c).
const MAX_HEADERS: usize = 65536;
/// Four thousand entries; real ones have fewer than a hundred.
const MAX_DYNAMIC: u64 = 65536;
/// PATH_MAX, which the kernel holds the name of a loader to.
const MAX_INTERPRETER: usize = 4096;

/// Of Solaris, in the range that each processor has for itself; goblin does not know them.
const DT_AUXILIARY: u64 = 0x7fff_fffd;
const DT_FILTER: u64 = 0x7fff_ffff;

/// A file as far as it has to be read: positional reads that may be short.
pub(crate) trait Bytes {
    /// Reads up to the length of `buffer` from `offset`; 0 at the end.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> nix::Result<usize>;
}

impl Bytes for std::fs::File {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> nix::Result<usize> {
        FileExt::read_at(self, buffer, offset).map_err(errno_of)
    }
}

/// What two objects must have in common to be loaded together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Machine {
    /// 64-bit, by e_ident.
    pub(crate) wide: bool,
    pub(crate) little_endian: bool,
    /// e_machine
    pub(crate) number: u16,
}

/// The name of another object, and why it stands there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Need {
    pub(crate) name: Vec<u8>,
    pub(crate) role: Role,
}

/// What one object is to another that names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    /// DT_NEEDED
    Needed,
    /// DT_FILTER: stands before the one that names it.
    Filter,
    /// DT_AUXILIARY: the same, if it is there.
    Auxiliary,
}

/// One ELF file, as the loader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) machine: Machine,
    pub(crate) interpreter: Option<Vec<u8>>,
    pub(crate) soname: Option<Vec<u8>>,
    pub(crate) rpath: Option<Vec<u8>>,
    pub(crate) runpath: Option<Vec<u8>>,
    /// In the order of the dynamic section, each once.
    pub(crate) needed: Vec<Need>,
    /// DF_1_NODEFLIB: neither the system directories nor cache hits in them.
    pub(crate) no_default: bool,
    /// What its notes say that it opens by itself: JSON, as yet.
    pub(crate) notes: Vec<Vec<u8>>,
    /// Whether it may unwind threads: false where the first page tells, or else [`unwinds`] does.
    pub(crate) may_unwind: bool,
}

impl Object {
    /// How much memory it takes, roughly.
    pub(crate) fn size(&self) -> usize {
        let text = |text: &Vec<u8>| text.len() + size_of::<Need>();
        let texts = [&self.interpreter, &self.soname, &self.rpath, &self.runpath].into_iter().flatten();
        let names = self.needed.iter().map(|need| &need.name);
        size_of::<Self>() + texts.chain(names).chain(&self.notes).map(text).sum::<usize>()
    }
}

/// Reads `file`, for `wanted` if it has to fit to a program.
pub(crate) fn parse(file: &impl Bytes, wanted: Option<Machine>) -> Result<Object, Defect> {
    let mut buffer = [0_u8; HEAD];
    let (head, machine, context, headers) = headers(file, &mut buffer, wanted)?;
    let mut object = dynamic_names(file, head, &headers, context, machine)?;
    // Libraries can have one, which only counts when they are run as a program (libc.so.6 can be).
    if wanted.is_none() {
        object.interpreter = interpreter(file, head, &headers)?;
    }
    Ok(object)
}

type Headers<'a> = (&'a [u8], Machine, Ctx, Vec<ProgramHeader>);

/// The first page, and the program headers.
fn headers<'a>(
    file: &impl Bytes,
    buffer: &'a mut [u8; HEAD],
    wanted: Option<Machine>,
) -> Result<Headers<'a>, Defect> {
    const UNKNOWN: Defect = Defect::Broken("its ELF class or byte order is unknown");
    let length = fill(file, buffer, 0)?;
    let head = buffer.get(..length).unwrap_or_default();
    if !head.starts_with(b"\x7fELF") {
        return Err(Defect::NotElf);
    }
    if head.len() < MIN_HEADER {
        return Err(Defect::Broken("it ends within its ELF header"));
    }
    let header = goblin::elf::Elf::parse_header(head).map_err(|_| UNKNOWN)?;
    let (Ok(container), Ok(endian)) = (header.container(), header.endianness()) else { return Err(UNKNOWN) };
    let machine = Machine {
        wide: container == Container::Big,
        little_endian: endian.is_little(),
        number: header.e_machine,
    };
    if wanted.is_some_and(|wanted| wanted != machine) {
        return Err(Defect::OtherMachine);
    }
    if ![ET_EXEC, ET_DYN].contains(&header.e_type) {
        return Err(Defect::Broken("it is neither a program nor a shared object"));
    }
    let context = Ctx::new(container, endian);
    let count = usize::from(header.e_phnum);
    if count == 0 {
        return Err(Defect::Broken("it has no program headers"));
    }
    let size = count * usize::from(header.e_phentsize);
    if usize::from(header.e_phentsize) != ProgramHeader::size(context) || size > MAX_HEADERS {
        return Err(Defect::Broken("its program headers have an impossible size"));
    }
    let table = read(file, head, header.e_phoff, size, "its program headers are cut off")?;
    let headers = ProgramHeader::parse(&table, 0, count, context)
        .map_err(|_| Defect::Broken("its program headers are cut off"))?;
    Ok((head, machine, context, headers))
}

/// The string of PT_INTERP, which ends in NUL within its segment or the kernel refuses the program.
fn interpreter(file: &impl Bytes, head: &[u8], headers: &[ProgramHeader]) -> Result<Option<Vec<u8>>, Defect> {
    const WHAT: &str = "the name of its loader is broken";
    let Some(header) = headers.iter().find(|header| header.p_type == PT_INTERP) else { return Ok(None) };
    let size = usize::try_from(header.p_filesz).ok().filter(|&size| size <= MAX_INTERPRETER);
    let mut name = read(file, head, header.p_offset, size.ok_or(Defect::Broken(WHAT))?, WHAT)?;
    name.truncate(name.iter().position(|&byte| byte == 0).ok_or(Defect::Broken(WHAT))?);
    if name.is_empty() { Err(Defect::Broken(WHAT)) } else { Ok(Some(name)) }
}

fn dynamic_names(
    file: &impl Bytes,
    head: &[u8],
    headers: &[ProgramHeader],
    context: Ctx,
    machine: Machine,
) -> Result<Object, Defect> {
    let mut object = Object {
        machine,
        interpreter: None,
        soname: None,
        rpath: None,
        runpath: None,
        needed: Vec::new(),
        no_default: false,
        notes: notes::dlopen(file, head, headers, machine.little_endian),
        may_unwind: false,
    };
    let Some(entries) = dynamic(file, head, headers, context)? else { return Ok(object) };
    let last = |tag| entries.iter().rev().find(|entry| entry.d_tag == tag).map(|entry| entry.d_val);
    object.no_default = last(DT_FLAGS_1).is_some_and(|flags| flags & DF_1_NODEFLIB != 0);
    let Some(address) = last(DT_STRTAB) else { return Ok(object) };
    let start = file_offset(headers, address).ok_or(Defect::Broken("its string table is nowhere in it"))?;
    object.may_unwind = unwind::may(head, start, last(DT_STRSZ));
    let mut strings = Strings::new(file, start, last(DT_STRSZ).unwrap_or(u64::MAX));
    for entry in &entries {
        let mut string = || strings.get(entry.d_val);
        match entry.d_tag {
            DT_NEEDED => object.needed.push(Need { name: string()?, role: Role::Needed }),
            DT_FILTER => object.needed.push(Need { name: string()?, role: Role::Filter }),
            DT_AUXILIARY => object.needed.push(Need { name: string()?, role: Role::Auxiliary }),
            DT_SONAME => object.soname = Some(string()?),
            DT_RPATH => object.rpath = Some(string()?),
            DT_RUNPATH => object.runpath = Some(string()?),
            _ => {}
        }
    }
    let mut seen = HashSet::new();
    object.needed.retain(|need| seen.insert(need.clone()));
    // elf_get_dynamic_info() in glibc's elf/get-dynamic-info.h.
    if object.runpath.is_some() {
        object.rpath = None;
    }
    Ok(object)
}

/// The entries of PT_DYNAMIC, if there is one.
fn dynamic(
    file: &impl Bytes,
    head: &[u8],
    headers: &[ProgramHeader],
    context: Ctx,
) -> Result<Option<Vec<Dyn>>, Defect> {
    const WHAT: &str = "its dynamic section is broken";
    let Some(segment) = headers.iter().find(|header| header.p_type == PT_DYNAMIC) else { return Ok(None) };
    if segment.p_filesz > MAX_DYNAMIC {
        return Err(Defect::Broken(WHAT));
    }
    let size = usize::try_from(segment.p_filesz).map_err(|_| Defect::Broken(WHAT))?;
    let section = read(file, head, segment.p_offset, size, "its dynamic section is cut off")?;
    // To goblin the section is a file of its own, so nothing but these bytes is looked at.
    let own = ProgramHeader { p_offset: 0, ..segment.clone() };
    let parsed = Dynamic::parse(&section, &[own], context).ok().flatten();
    parsed.map(|parsed| Some(parsed.dyns)).ok_or(Defect::Broken(WHAT))
}

/// Where in the file the byte is that the program sees at `address`.
fn file_offset(headers: &[ProgramHeader], address: u64) -> Option<u64> {
    headers.iter().filter(|header| header.p_type == PT_LOAD).find_map(|header| {
        let within = address.checked_sub(header.p_vaddr).filter(|&within| within < header.p_filesz)?;
        header.p_offset.checked_add(within)
    })
}

/// `size` bytes at `offset`, out of `head` when they lie there.
fn read(
    file: &impl Bytes,
    head: &[u8],
    offset: u64,
    size: usize,
    cut_off: &'static str,
) -> Result<Vec<u8>, Defect> {
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    if let Some(bytes) = start.checked_add(size).and_then(|end| head.get(start..end)) {
        return Ok(bytes.to_vec());
    }
    let mut bytes = vec![0_u8; size];
    let length = fill(file, &mut bytes, offset)?;
    if length == size { Ok(bytes) } else { Err(Defect::Broken(cut_off)) }
}

/// Reads until `buffer` is full or the file ends; how much there was.
fn fill(file: &impl Bytes, buffer: &mut [u8], offset: u64) -> Result<usize, Defect> {
    let mut length = 0;
    while let Some(rest) = buffer.get_mut(length..).filter(|rest| !rest.is_empty()) {
        let Some(at) = offset.checked_add(length as u64).filter(|&at| i64::try_from(at).is_ok()) else {
            break;
        };
        match file.read_at(rest, at) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(Defect::Unreadable(errno)),
        }
    }
    Ok(length)
}

#[cfg(test)]
pub(crate) mod tests;
