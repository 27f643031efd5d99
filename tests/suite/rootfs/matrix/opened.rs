//! Libraries that a program loads by itself.

use super::{ROW, Row, TAKES_ROOT, each};
use hc_tests::{can_make_hosts, require};

/// `opener NAMES` makes `opener.o`, which has the word of the first library of those that is there;
/// `note JSON` makes `note.o`, with that in a `.note.dlopen` (UAPI.12).
const NOTED: &[Row] = &[
    Row {
        name: "recommended",
        make: r#"so x/libw.so $O/good.o; opener '"libw.so"'
                note '[{"soname":["libw.so"],"feature":"word","priority":"recommended"}]'
                exe p $O/main.o opener.o note.o -Wl,-rpath,$D/x"#,
        ..ROW
    },
    Row {
        name: "required",
        make: r#"so x/libw.so $O/good.o; opener '"libw.so"'
                note '[{"soname":["libw.so"],"feature":"word","description":"a \"word\"","priority":"required"}]'
                exe p $O/main.o opener.o note.o -Wl,-rpath,$D/x"#,
        ..ROW
    },
    Row {
        name: "no priority, which is recommended",
        make: r#"so x/libw.so $O/good.o; opener '"libw.so"'; note '[{"soname":["libw.so"]}]'
                exe p $O/main.o opener.o note.o -Wl,-rpath,$D/x"#,
        ..ROW
    },
    Row {
        name: "in a library, with its RUNPATH",
        make: r#"so x/libw.so $O/good.o; opener '"libw.so"'; note '[{"soname":["libw.so"]}]'
                so y/libo.so opener.o note.o -Wl,--enable-new-dtags,-rpath,$D/x
                exe p $O/main.o y/libo.so -Wl,--enable-new-dtags,-rpath,$D/y"#,
        ..ROW
    },
    Row {
        name: "the second of its alternatives",
        make: r#"so x/libw.so $O/good.o; opener '"libnosuch.so", "libw.so"'
                note '[{"soname":["libnosuch.so","libw.so"],"feature":"word"}]'
                exe p $O/main.o opener.o note.o -Wl,-rpath,$D/x"#,
        ..ROW
    },
    Row {
        name: "the last of several in one note",
        make: r#"so x/libw.so $O/good.o; opener '"libw.so"'
                note '[{"soname":["libnosuch.so"]}, {"soname":["libw.so"]}]'
                exe p $O/main.o opener.o note.o -Wl,-rpath,$D/x"#,
        ..ROW
    },
    Row {
        name: "the second note",
        make: r#"so x/libw.so $O/good.o; opener '"libw.so"'
                note '[{"soname":["libnosuch.so"]}]'; mv note.o first.o; note '[{"soname":["libw.so"]}]'
                exe p $O/main.o opener.o first.o note.o -Wl,-rpath,$D/x"#,
        ..ROW
    },
    Row {
        name: "library that an opened one needs",
        make: r#"so z/libv.so $O/none.o; so x/libw.so $O/good.o z/libv.so -Wl,-rpath,$D/z
                opener '"libw.so"'; note '[{"soname":["libw.so"]}]'
                exe p $O/main.o opener.o note.o -Wl,-rpath,$D/x"#,
        check: "test -f box$D/z/libv.so",
        ..ROW
    },
    Row {
        name: "library that an opened one opens",
        make: r#"so z/libv.so $O/good.o; opener '"libv.so"'; note '[{"soname":["libv.so"]}]'
                so x/libw.so opener.o note.o -Wl,-rpath,$D/z; opener '"libw.so"'; note '[{"soname":["libw.so"]}]'
                exe p $O/main.o opener.o note.o -Wl,-rpath,$D/x"#,
        ..ROW
    },
    Row {
        name: "absent, recommended",
        make: r#"opener '"libnosuch.so"'; note '[{"soname":["libnosuch.so"]}]'; exe p $O/main.o opener.o note.o"#,
        says: "none\n",
        ..ROW
    },
    Row {
        name: "absent, required",
        make: r#"note '[{"soname":["libnosuch.so"],"priority":"required"}]'; exe p $O/main.o $O/good.o note.o"#,
        copy: r"hc-rootfs box ./p 2>told && exit 1; grep -q '^hc-rootfs: .*/p: libnosuch.so' told; test ! -e box
                hc-rootfs box /bin/echo",
        run: "/bin/echo good",
        ..ROW
    },
    Row {
        name: "suggested, which is not copied",
        make: r#"so x/libw.so $O/good.o; note '[{"soname":["libw.so"],"priority":"suggested"}]'
                exe p $O/main.o $O/good.o note.o -Wl,-rpath,$D/x"#,
        check: "test ! -e box$D/x",
        ..ROW
    },
];

/// With an option of which priority.
const PRIORITIES: &[Row] = &[
    Row {
        name: "--dlopen=suggested",
        make: r#"so x/libw.so $O/good.o; opener '"libw.so"'; note '[{"soname":["libw.so"],"priority":"suggested"}]'
                exe p $O/main.o opener.o note.o -Wl,-rpath,$D/x"#,
        copy: "hc-rootfs --dlopen=suggested box ./p",
        ..ROW
    },
    Row {
        name: "--dlopen=required",
        make: r#"so x/libw.so $O/good.o; so y/libv.so $O/good.o; opener '"libw.so"'
                note '[{"soname":["libw.so"],"priority":"required"},{"soname":["libv.so"],"priority":"recommended"}]'
                exe p $O/main.o opener.o note.o -Wl,-rpath,$D/x:$D/y"#,
        copy: "hc-rootfs --dlopen=required box ./p",
        check: "test ! -e box$D/y",
        ..ROW
    },
    Row {
        name: "--dlopen=none",
        make: r#"so x/libw.so $O/good.o; note '[{"soname":["libw.so"],"priority":"required"}]'
                exe p $O/main.o $O/good.o note.o -Wl,-rpath,$D/x"#,
        copy: "hc-rootfs --dlopen=none box ./p",
        check: "test ! -e box$D/x",
        ..ROW
    },
];

/// libgcc_s.so.1, which glibc opens to unwind the stack of a thread. `canceller` makes `canceller.o`, whose word is
/// from after the end of one.
const THREADS: &[Row] = &[
    Row { name: "pthread_cancel", make: "canceller cancel; exe p $O/main.o canceller.o", ..ROW },
    Row { name: "pthread_exit", make: "canceller exit; exe p $O/main.o canceller.o", ..ROW },
    Row {
        name: "pthread_cancel in a library",
        make: "canceller cancel; so x/libc1.so canceller.o; exe p $O/main.o x/libc1.so -Wl,-rpath,$D/x",
        ..ROW
    },
    Row {
        name: "pthread_cancel of musl, which opens nothing",
        make: "CC=musl-gcc canceller cancel; CC=musl-gcc exe p $O/main.o canceller.o",
        check: "test -z \"$(find box -name 'libgcc*')\"",
        ..ROW
    },
    Row {
        name: "neither",
        make: "exe p $O/main.o $O/good.o",
        check: "test -z \"$(find box -name 'libgcc*')\"",
        ..ROW
    },
];

#[test]
fn what_is_opened_by_a_note_is_there() {
    require!(can_make_hosts(), TAKES_ROOT);
    each(NOTED);
}

#[test]
fn what_is_opened_is_as_much_as_was_asked_for() {
    require!(can_make_hosts(), TAKES_ROOT);
    each(PRIORITIES);
}

#[test]
fn threads_can_be_ended() {
    require!(can_make_hosts(), TAKES_ROOT);
    each(THREADS);
}
