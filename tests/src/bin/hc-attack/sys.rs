//! The one system call that all others are made of: most of them have no wrapper, and a filter looks at the raw ones.
#![allow(unsafe_code)]

use nix::errno::Errno;
use std::ffi::c_long;

/// A system call. Pointers are those of values that are alive during the call, of the type that the call takes.
pub(crate) fn call(number: c_long, arguments: [usize; 6]) -> nix::Result<usize> {
    let [first, second, third, fourth, fifth, sixth] = arguments;
    // SAFETY: the callers pass numbers, and pointers to values of theirs, as the call has it.
    let result = unsafe { libc::syscall(number, first, second, third, fourth, fifth, sixth) };
    Errno::result(result)
        .map(c_long::cast_unsigned)
        .map(|number| usize::try_from(number).unwrap_or(usize::MAX))
}

/// The address of a value, for a call that reads or writes it.
pub(crate) fn address<T: ?Sized>(of: &mut T) -> usize {
    std::ptr::from_mut(of).cast::<u8>().expose_provenance()
}

/// A number as one of the arguments: -100 and the like as well.
pub(crate) fn number(of: i32) -> usize {
    isize::try_from(of).unwrap_or_default().cast_unsigned()
}
