//! System calls by number, as a program for either architecture makes them.

use nix::errno::Errno;

/// What a system call of x86_64 returned.
pub(crate) fn x86_64(number: i64, arguments: [u64; 5]) -> Result<i64, Errno> {
    let [first, second, third, fourth, fifth] = arguments;
    // SAFETY: the tests ask for calls whose arguments are plain numbers, or addresses that are not there.
    Errno::result(unsafe { libc::syscall(number, first, second, third, fourth, fifth) })
}

/// What a system call of i386 returned. Its arguments have 32 bits; the kernel sees no more of them.
pub(crate) fn i386(number: i64, arguments: [u64; 5]) -> Result<i64, Errno> {
    let [first, second, third, fourth, fifth] = arguments;
    let number = i32::try_from(number).unwrap_or(-1);
    let returned: i32;
    // SAFETY: as above; the compiler keeps rbx for itself, so it is put back.
    unsafe {
        std::arch::asm!(
            "xchg rbx, {first}",
            "int 0x80",
            "xchg rbx, {first}",
            first = inout(reg) first => _,
            inout("eax") number => returned,
            in("rcx") second,
            in("rdx") third,
            in("rsi") fourth,
            in("rdi") fifth,
            out("r8") _,
            out("r9") _,
            out("r10") _,
            out("r11") _,
        );
    }
    match returned {
        failed @ -4095..0 => Err(Errno::from_raw(-failed)),
        value => Ok(value.into()),
    }
}
