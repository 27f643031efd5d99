//! Where libraries are, by what the files say.

use super::{By, ROW, Row, TAKES_ROOT, each};
use hc_tests::{can_make_hosts, require};

const SEARCHED: &[Row] = &[
    Row {
        name: "RUNPATH $ORIGIN",
        make: r"so opt/lib/libw.so $O/good.o
                exe opt/bin/p $O/main.o opt/lib/libw.so '-Wl,--enable-new-dtags,-rpath,$ORIGIN/../lib'",
        copy: "hc-rootfs box opt/bin/p",
        run: "$D/opt/bin/p",
        by: By::RootWithMounts,
        ..ROW
    },
    Row {
        name: "RUNPATH ${ORIGIN} of a library, which takes no /proc",
        make: r"so opt/libw.so $O/good.o
                so opt/libmid.so $O/middle.o opt/libw.so '-Wl,--enable-new-dtags,-rpath,${ORIGIN}'
                exe p $O/deep.o opt/libmid.so -Wl,-rpath,$D/opt,-rpath-link,opt",
        ..ROW
    },
    Row {
        name: "RPATH inherited from the program",
        make: r"so r/libw.so $O/good.o
                so r/libmid.so $O/middle.o r/libw.so
                exe p $O/deep.o r/libmid.so -Wl,--disable-new-dtags,-rpath,$D/r",
        ..ROW
    },
    Row {
        name: "RPATH inherited from a library in the middle",
        make: r"so r/libw.so $O/good.o
                so r/libn.so $O/none.o r/libw.so
                so m/libmid.so $O/middle.o r/libn.so -Wl,-rpath-link,r,--disable-new-dtags,-rpath,$D/r
                exe p $O/deep.o m/libmid.so -Wl,-rpath-link,r,--enable-new-dtags,-rpath,$D/m",
        check: "test -f box$D/r/libn.so",
        ..ROW
    },
    Row {
        name: "RPATH that does not count beside a RUNPATH",
        make: r"so wrong/libw.so $O/bad.o
                so right/libw.so $O/good.o
                so m/libmid.so $O/middle.o right/libw.so -Wl,--enable-new-dtags,-rpath,$D/right
                exe p $O/deep.o m/libmid.so -Wl,-rpath-link,right,--disable-new-dtags,-rpath,$D/wrong:$D/m",
        check: "test ! -e box$D/wrong",
        ..ROW
    },
    Row {
        name: "$LIB",
        make: r"so x/lib/x86_64-linux-gnu/libw.so $O/good.o
                exe p $O/main.o x/lib/x86_64-linux-gnu/libw.so -Wl,-rpath,$D/x/'$LIB'",
        ..ROW
    },
    Row {
        name: "${PLATFORM}",
        make: r#"name=$(/lib64/ld-linux-x86-64.so.2 --list-diagnostics | sed -n 's/^dl_platform="\(.*\)"/\1/p')
                so $name/libw.so $O/good.o
                exe p $O/main.o $name/libw.so -Wl,-rpath,$D/'${PLATFORM}'"#,
        ..ROW
    },
    Row {
        name: "absolute NEEDED",
        make: r"mkdir x; cc -shared -nostdlib -o x/libw.so $O/good.o
                exe p $O/main.o $D/x/libw.so",
        ..ROW
    },
    Row {
        name: "relative directory in RPATH",
        make: r"so libw.so $O/good.o; exe p $O/main.o libw.so -Wl,-rpath,${D#/}",
        copy: "cd /; hc-rootfs $D/box $D/p env",
        run: "env -C / $D/p",
        ..ROW
    },
    Row {
        name: "link with the SONAME, file with the version",
        make: r"so x/libw.so.1 $O/good.o; mkdir x/deep; mv x/libw.so.1 x/deep/libw.so.1.2
                ln -s deep/libw.so.1.2 x/libw.so.1
                exe p $O/main.o x/libw.so.1 -Wl,-rpath,$D/x",
        check: "test -L box$D/x/libw.so.1",
        ..ROW
    },
];

/// Places earlier in the path that the loader passes over, and which are not copied.
const DECOYS: &[Row] = &[
    Row {
        name: "dangling link",
        make: r"so b/libw.so $O/good.o; mkdir a; ln -s nowhere a/libw.so
                exe p $O/main.o b/libw.so -Wl,-rpath,$D/a:$D/b",
        check: "test ! -e box$D/a",
        ..ROW
    },
    Row {
        name: "32-bit library",
        make: r"so a/libw.so -m32 $O/good32.o; so b/libw.so $O/good.o
                exe p $O/main.o b/libw.so -Wl,-rpath,$D/a:$D/b",
        check: "test ! -e box$D/a",
        ..ROW
    },
    Row {
        name: "arm64 library",
        make: r"so a/libw.so $O/bad.o; so b/libw.so $O/good.o
                printf '\267' | dd of=a/libw.so bs=1 seek=18 conv=notrunc status=none
                exe p $O/main.o b/libw.so -Wl,-rpath,$D/a:$D/b",
        check: "test ! -e box$D/a",
        ..ROW
    },
    Row {
        name: "file where a directory should be",
        make: r"so b/libw.so $O/good.o; : >a
                exe p $O/main.o b/libw.so -Wl,-rpath,$D/a:$D/b",
        check: "test ! -e box$D/a",
        ..ROW
    },
];

const NAMES: &[Row] = &[
    Row {
        name: "directory with a space",
        make: r"so 'a  b/libw.so' $O/good.o; exe p $O/main.o 'a  b/libw.so' -Wl,-rpath,$D/'a  b'",
        ..ROW
    },
    Row {
        name: "library and directory that start with a dash",
        make: r"so ./-d/-w.so $O/good.o; exe p $O/main.o ./-d/-w.so -Wl,-rpath,$D/-d",
        ..ROW
    },
    Row {
        name: "program that starts with a dash and ends in a newline",
        make: r"so libw.so $O/good.o; exe p $O/main.o libw.so -Wl,-rpath,$D; mv p './-p
'",
        copy: "hc-rootfs box './-p
'",
        run: "$D/'-p
'",
        ..ROW
    },
    Row {
        name: "name that is no UTF-8",
        make: r#"so "$(printf '\377')/libw.so" $O/good.o
                exe p $O/main.o "$(printf '\377')/libw.so" -Wl,-rpath,"$D/$(printf '\377')""#,
        ..ROW
    },
];

const LINKS: &[Row] = &[
    Row {
        name: "directories behind a chain of links",
        make: r"so real/lib/libw.so $O/good.o; ln -s real one; ln -s $D/one two; mkdir three; ln -s ../two three/x
                exe p $O/main.o real/lib/libw.so -Wl,-rpath,$D/three/x/lib",
        check: r"test -L box$D/three/x && test -L box$D/two && test -L box$D/one",
        ..ROW
    },
    Row {
        name: "merged /usr stays merged",
        copy: "hc-rootfs box /bin/echo /usr/bin/env",
        check: r"for name in bin lib lib64; do test $(readlink /$name || echo none) = $(readlink box/$name || echo none); done",
        run: "/usr/bin/env /bin/echo good",
        ..ROW
    },
    Row {
        name: "program through links, $ORIGIN where they lead to",
        make: r"so opt/lib/libw.so $O/good.o
                exe opt/bin/p $O/main.o opt/lib/libw.so '-Wl,-rpath,$ORIGIN/../lib'
                ln -s $D/opt/bin/p q; mkdir bin; ln -s ../q bin/r",
        copy: "hc-rootfs box bin/r",
        check: "test -L box$D/bin/r && test -L box$D/q",
        run: "$D/bin/r",
        by: By::RootWithMounts,
        ..ROW
    },
    Row {
        name: "program of the machine through links",
        copy: "hc-rootfs box awk",
        run: "awk 'BEGIN { print \"good\" }'",
        ..ROW
    },
];

#[test]
fn libraries_are_where_the_files_say() {
    require!(can_make_hosts(), TAKES_ROOT);
    each(SEARCHED);
}

#[test]
fn what_the_loader_passes_over_is_passed_over() {
    require!(can_make_hosts(), TAKES_ROOT);
    each(DECOYS);
}

#[test]
fn names_may_be_anything() {
    require!(can_make_hosts(), TAKES_ROOT);
    each(NAMES);
}

#[test]
fn links_on_the_way_are_there() {
    require!(can_make_hosts(), TAKES_ROOT);
    each(LINKS);
}
