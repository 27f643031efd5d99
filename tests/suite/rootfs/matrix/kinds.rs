//! Kinds of programs: static, of another C library, of another width.

use super::{By, ROW, Row, TAKES_ROOT, each};
use hc_tests::{can_make_hosts, require};

/// Expects one file in `box`.
const ALONE: &str = "test $(find box -type f | wc -l) = 1";

const STATIC: &[Row] = &[
    Row { name: "static", make: "exe p $O/main.o $O/good.o -static", check: ALONE, ..ROW },
    Row { name: "static-pie", make: "exe p $O/main.o $O/good.o -static-pie", check: ALONE, ..ROW },
    Row {
        name: "static, of musl",
        make: "CC=musl-gcc exe p $O/main.o $O/good.o -static",
        check: ALONE,
        ..ROW
    },
    Row {
        name: "static, 32-bit",
        make: r#"echo '.globl _start
            _start: movl $4, %eax; movl $1, %ebx; movl $word, %ecx; movl $5, %edx; int $0x80
            movl $1, %eax; xorl %ebx, %ebx; int $0x80
            word: .ascii "good"; .byte 10' | exe p -m32 -static -nostdlib -x assembler -"#,
        check: ALONE,
        ..ROW
    },
];

const MUSL: &[Row] = &[
    Row {
        name: "musl",
        make: "CC=musl-gcc exe p $O/main.o $O/good.o",
        check: "test -L box/lib/ld-musl-x86_64.so.1 && test $(find box -type f | wc -l) = 2",
        ..ROW
    },
    Row {
        name: "musl, RUNPATH inherited",
        make: r"so r/libw.so $O/good.o; so r/libmid.so $O/middle.o r/libw.so
                CC=musl-gcc exe p $O/deep.o r/libmid.so -Wl,-rpath-link,r,--enable-new-dtags,-rpath,:/nosuch:$D/r",
        ..ROW
    },
    Row {
        name: "musl, $ORIGIN",
        make: r"so lib/libw.so $O/good.o; mkdir bin
                CC=musl-gcc exe bin/p $O/main.o lib/libw.so '-Wl,-rpath,$ORIGIN/../lib'",
        copy: "hc-rootfs box bin/p",
        run: "$D/bin/p",
        by: By::RootWithMounts,
        ..ROW
    },
    Row {
        name: "musl, library with a slash in its name",
        make: r"mkdir x; cc -shared -nostdlib -o x/libw.so $O/good.o; CC=musl-gcc exe p $O/main.o $D/x/libw.so",
        ..ROW
    },
    Row {
        name: "musl, whose own names for parts of itself are no files",
        make: r"so libw.so $O/good.o; so libpthread.so.0 $O/none.o; so libm.so.6 $O/none.o
                CC=musl-gcc exe p $O/main.o libw.so libpthread.so.0 libm.so.6 -Wl,-rpath,$D",
        check: "test ! -e box$D/libpthread.so.0 && test ! -e box$D/libm.so.6",
        ..ROW
    },
    Row {
        name: "musl beside glibc",
        make: "CC=musl-gcc exe p $O/main.o $O/good.o",
        copy: "hc-rootfs box ./p env",
        run: "env $D/p",
        ..ROW
    },
];

const WIDTH_32: &[Row] = &[
    Row {
        name: "32-bit",
        make: r"exe p -m32 -no-pie -nostdlib $O/main32.o $O/good32.o /usr/lib32/libc.so.6 \
                -Wl,--dynamic-linker=/lib/ld-linux.so.2",
        check: "test -L box/lib/ld-linux.so.2 || test -f box/lib/ld-linux.so.2",
        ..ROW
    },
    Row {
        name: "32-bit, $LIB, and a 64-bit decoy earlier in the path",
        make: r"so wide/libw.so $O/bad.o; so x/lib32/libw.so -m32 $O/good32.o
                exe p -m32 -no-pie -nostdlib $O/main32.o x/lib32/libw.so /usr/lib32/libc.so.6 \
                -Wl,--dynamic-linker=/lib/ld-linux.so.2,-rpath,$D/wide:$D/x/'$LIB'",
        check: "test ! -e box$D/wide",
        ..ROW
    },
    Row {
        name: "32-bit beside 64-bit, each with its libc.so.6",
        make: r"exe p -m32 -no-pie -nostdlib $O/main32.o $O/good32.o /usr/lib32/libc.so.6 \
                -Wl,--dynamic-linker=/lib/ld-linux.so.2",
        copy: "hc-rootfs box ./p env",
        run: "env $D/p",
        ..ROW
    },
];

#[test]
fn static_programs_run_alone() {
    require!(can_make_hosts(), TAKES_ROOT);
    each(STATIC);
}

#[test]
fn programs_of_musl_run() {
    require!(can_make_hosts(), TAKES_ROOT);
    each(MUSL);
}

#[test]
fn programs_of_32_bits_run() {
    require!(can_make_hosts(), TAKES_ROOT);
    each(WIDTH_32);
}
