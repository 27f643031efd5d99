//! Libraries for certain processors: the copy may run on any.

use super::{ROW, Row, TAKES_ROOT, each, each_on};
use hc_tests::{Host, can_make_hosts, require};

const VARIANTS: &[Row] = &[
    Row {
        name: "all variants and the base, on this processor",
        make: r"for name in . glibc-hwcaps/x86-64-v2 glibc-hwcaps/x86-64-v3 glibc-hwcaps/x86-64-v4; do
                    so x/$name/libw.so $O/good.o
                done; exe p $O/main.o x/libw.so -Wl,-rpath,$D/x",
        check: "test $(find box$D/x -name libw.so | wc -l) = 4",
        ..ROW
    },
    Row {
        name: "on the oldest processor",
        make: r"so x/libw.so $O/good.o; so x/glibc-hwcaps/x86-64-v2/libw.so $O/bad.o
                exe p $O/main.o x/libw.so -Wl,-rpath,$D/x",
        check: "test $(find box$D/x -name libw.so | wc -l) = 2",
        run: "/lib64/ld-linux-x86-64.so.2 --glibc-hwcaps-mask none $D/p",
        ..ROW
    },
    Row {
        name: "variant that is another than the base",
        make: r"so x/libw.so $O/bad.o; so x/glibc-hwcaps/x86-64-v2/libw.so $O/good.o
                exe p $O/main.o x/libw.so -Wl,-rpath,$D/x",
        ..ROW
    },
    Row {
        name: "variant that needs what the base does not, by $ORIGIN",
        make: r"so y/libv.so $O/good.o; so x/libw.so $O/good.o
                so x/glibc-hwcaps/x86-64-v2/libw.so $O/middle.o y/libv.so '-Wl,-rpath,$ORIGIN/../../../y'
                exe p $O/main.o x/libw.so -Wl,-rpath,$D/x",
        check: "test -f box$D/y/libv.so",
        ..ROW
    },
    Row {
        name: "variant without a base",
        make: r"so x/glibc-hwcaps/x86-64-v2/libw.so $O/good.o
                exe p $O/main.o x/glibc-hwcaps/x86-64-v2/libw.so -Wl,-rpath,$D/x",
        ..ROW
    },
    Row {
        name: "variant for another machine",
        make: r"so x/libw.so $O/good.o; so x/glibc-hwcaps/x86-64-v2/libw.so -m32 $O/good32.o
                exe p $O/main.o x/libw.so -Wl,-rpath,$D/x",
        ..ROW
    },
];

/// Where ldconfig has seen them.
const OF_THE_SYSTEM: &[Row] = &[
    Row {
        name: "variant in a system directory",
        make: r"l=/usr/lib/x86_64-linux-gnu
                so $l/libhctest.so $O/bad.o; so $l/glibc-hwcaps/x86-64-v2/libhctest.so $O/good.o; ldconfig -i
                exe p $O/main.o $l/libhctest.so",
        check: "test $(find box -name libhctest.so | wc -l) = 2",
        ..ROW
    },
    Row {
        name: "the same on the oldest processor",
        make: r"l=/usr/lib/x86_64-linux-gnu
                so $l/libhctest.so $O/good.o; so $l/glibc-hwcaps/x86-64-v2/libhctest.so $O/bad.o; ldconfig -i
                exe p $O/main.o $l/libhctest.so",
        run: "/lib64/ld-linux-x86-64.so.2 --glibc-hwcaps-mask none $D/p",
        ..ROW
    },
];

/// As the loader has the name of this processor, and hc-rootfs all that it may have.
const PLATFORMS: &[Row] = &[Row {
    name: "$PLATFORM, a directory for each",
    make: r"for name in haswell xeon_phi x86_64; do so $name/libw.so $O/good.o; done
            exe p $O/main.o x86_64/libw.so -Wl,-rpath,$D/'$PLATFORM'",
    check: "test $(find box$D -name libw.so | wc -l) = 3",
    ..ROW
}];

#[test]
fn all_variants_of_a_library_are_there() {
    require!(can_make_hosts(), TAKES_ROOT);
    each(VARIANTS);
}

#[test]
fn all_variants_of_a_library_of_the_system_are_there() {
    require!(can_make_hosts(), TAKES_ROOT);
    each_on(Some(&Host::new()), OF_THE_SYSTEM);
}

#[test]
fn libraries_are_there_for_each_platform() {
    require!(can_make_hosts(), TAKES_ROOT);
    each(PLATFORMS);
}
