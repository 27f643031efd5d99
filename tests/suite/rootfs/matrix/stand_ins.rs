//! Libraries that stand in for others: `DT_FILTER`, which has to be there, and `DT_AUXILIARY`, which may be.

use super::{ROW, Row, TAKES_ROOT, each};
use hc_tests::{can_make_hosts, require};

const FILTERS: &[Row] = &[
    Row {
        name: "DT_FILTER",
        make: r"so x/libw.so $O/good.o; so x/libf.so $O/bad.o -Wl,-F,libw.so
                exe p $O/main.o x/libf.so -Wl,--disable-new-dtags,-rpath,$D/x",
        ..ROW
    },
    Row {
        name: "DT_FILTER, found by the RUNPATH of its own library",
        make: r"so y/libw.so $O/good.o; so x/libf.so $O/bad.o -Wl,-F,libw.so,--enable-new-dtags,-rpath,$D/y
                exe p $O/main.o x/libf.so -Wl,-rpath,$D/x",
        ..ROW
    },
    Row {
        name: "DT_AUXILIARY that is there",
        make: r"so x/libw.so $O/good.o; so x/libf.so $O/bad.o -Wl,-f,libw.so
                exe p $O/main.o x/libf.so -Wl,--disable-new-dtags,-rpath,$D/x",
        ..ROW
    },
    Row {
        name: "DT_AUXILIARY in $PLATFORM, as Solaris has them",
        make: r#"name=$(/lib64/ld-linux-x86-64.so.2 --list-diagnostics | sed -n 's/^dl_platform="\(.*\)"/\1/p')
                so x/$name/libw.so $O/good.o; so x/libf.so $O/bad.o '-Wl,-f,$ORIGIN/$PLATFORM/libw.so'
                exe p $O/main.o x/libf.so -Wl,-rpath,$D/x"#,
        ..ROW
    },
    Row {
        name: "DT_AUXILIARY that needs a library",
        make: r"so y/libv.so $O/none.o; so x/libw.so $O/good.o y/libv.so -Wl,-rpath,$D/y
                so x/libf.so $O/bad.o -Wl,-f,libw.so
                exe p $O/main.o x/libf.so -Wl,-rpath-link,y,--disable-new-dtags,-rpath,$D/x",
        check: "test -f box$D/y/libv.so",
        ..ROW
    },
    Row {
        name: "DT_AUXILIARY that is not there",
        make: r"so x/libf.so $O/good.o -Wl,-f,libnosuch.so; exe p $O/main.o x/libf.so -Wl,-rpath,$D/x",
        ..ROW
    },
];

#[test]
fn what_filters_stand_in_for_is_there() {
    require!(can_make_hosts(), TAKES_ROOT);
    each(FILTERS);
}
