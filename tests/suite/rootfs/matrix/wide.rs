//! Programs of many libraries. Debian's that have 200 or more are 57 MB and more to download.

use super::{ROW, Row, TAKES_ROOT, each};
use hc_tests::{can_make_hosts, require};

const MANY: &[Row] = &[
    Row {
        name: "250 libraries in a row",
        make: r#"so t/libBBB.so $O/none.o; so t/libAAA.so $O/none.o t/libBBB.so; so r/libwww.so $O/good.o
                perl -e '$template = join "", <>; for (100 .. 349) {
                    ($copy = $template) =~ s/libAAA/lib$_/g; $next = $_ == 349 ? "www" : $_ + 1;
                    $copy =~ s/libBBB/lib$next/g; open F, ">r/lib$_.so"; print F $copy }' t/libAAA.so
                exe p $O/main.o r/lib100.so r/libwww.so -Wl,-rpath-link,r,--disable-new-dtags,-rpath,$D/r"#,
        check: "test $(find box$D/r -name 'lib*.so' | wc -l) = 251",
        ..ROW
    },
    Row {
        name: "250 libraries side by side, each in a directory of its own",
        make: r#"so t/libAAA.so $O/none.o; so r/w/libwww.so $O/good.o
                perl -e '$template = join "", <>; for (100 .. 349) { mkdir "r/$_";
                    ($copy = $template) =~ s/libAAA/lib$_/g; open F, ">r/$_/lib$_.so"; print F $copy }' t/libAAA.so
                path=$(printf %s: r/???)
                exe p $O/main.o r/???/lib???.so r/w/libwww.so -Wl,-rpath,$D/r/w:$(echo "$path" | sed "s|r/|$D/r/|g")"#,
        check: "test $(find box$D/r -name 'lib*.so' | wc -l) = 251",
        ..ROW
    },
];

#[test]
fn programs_of_many_libraries_run() {
    require!(can_make_hosts(), TAKES_ROOT);
    each(MANY);
}
