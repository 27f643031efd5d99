//! Libraries that only /etc/ld.so.cache, or musl's list, leads to.

use super::{ROW, Row, TAKES_ROOT, each_on};
use hc_tests::{Host, can_make_hosts, require};

const CACHED: &[Row] = &[
    Row {
        name: "directory in ld.so.conf, and a cache of no more than that",
        make: r"so x/libw.so $O/good.o; echo $D/x >/etc/ld.so.conf.d/hctest.conf; ldconfig -i; exe p $O/main.o x/libw.so",
        check: r#"ldconfig -p -C box/etc/ld.so.cache >list; grep -q "libw.so .* => $D/x/libw.so$" list
                test $(wc -l <list) -le 4"#,
        ..ROW
    },
    Row {
        name: "library that a library of the cache needs",
        make: r"so x/libw.so $O/good.o; so x/libmid.so $O/middle.o x/libw.so; echo $D/x >/etc/ld.so.conf.d/hctest.conf
                ldconfig -i; exe p $O/deep.o x/libmid.so -Wl,-rpath-link,x",
        ..ROW
    },
    Row {
        name: "SONAME that is a link",
        make: r"so x/libw.so.1 $O/good.o; mv x/libw.so.1 x/libw.so.1.2; ln -s libw.so.1.2 x/libw.so.1; echo $D/x >/etc/ld.so.conf.d/hctest.conf
                ldconfig -i; exe p $O/main.o x/libw.so.1",
        check: "test -L box$D/x/libw.so.1",
        ..ROW
    },
    Row {
        name: "directory with a space",
        make: r"so 'a b/libw.so' $O/good.o; echo $D/'a b' >/etc/ld.so.conf.d/hctest.conf; ldconfig -i
                exe p $O/main.o 'a b/libw.so'",
        ..ROW
    },
    Row {
        name: "32-bit and 64-bit library of one name",
        make: r"so wide/libw.so $O/bad.o; so x/libw.so -m32 $O/good32.o
                printf '%s\n' $D/wide $D/x >/etc/ld.so.conf.d/hctest.conf; ldconfig -i; exe q $O/main.o wide/libw.so
                exe p -m32 -no-pie -nostdlib $O/main32.o x/libw.so /usr/lib32/libc.so.6 \
                -Wl,--dynamic-linker=/lib/ld-linux.so.2",
        copy: "hc-rootfs box ./p ./q",
        check: "chroot box $D/q >said; grep -qx bad said",
        ..ROW
    },
    Row {
        name: "variants for certain processors",
        make: r"so x/libw.so $O/bad.o; so x/glibc-hwcaps/x86-64-v2/libw.so $O/good.o
                echo $D/x >/etc/ld.so.conf.d/hctest.conf; ldconfig -i; exe p $O/main.o x/libw.so",
        check: r"chroot box /lib64/ld-linux-x86-64.so.2 --glibc-hwcaps-mask none $D/p >said; grep -qx bad said",
        ..ROW
    },
    Row {
        name: "second program, in the cache of the first",
        make: r"so x/libw.so $O/good.o; so y/libv.so $O/good.o; printf '%s\n' $D/x $D/y >/etc/ld.so.conf.d/hctest.conf
                ldconfig -i; exe p $O/main.o x/libw.so; exe q $O/main.o y/libv.so",
        copy: "hc-rootfs box ./p; hc-rootfs box ./q",
        check: "chroot box $D/q >said; grep -qx good said",
        ..ROW
    },
    Row {
        name: "no cache where none is needed",
        copy: "hc-rootfs box /bin/echo",
        check: "test ! -e box/etc",
        run: "/bin/echo good",
        ..ROW
    },
];

const LISTED: &[Row] = &[Row {
    name: "directory in musl's list",
    make: r"so x/libw.so $O/good.o; echo $D/x >>/etc/ld-musl-x86_64.path; CC=musl-gcc exe p $O/main.o x/libw.so",
    ..ROW
}];

#[test]
fn what_the_cache_leads_to_is_found_inside() {
    require!(can_make_hosts(), TAKES_ROOT);
    each_on(Some(&Host::new()), CACHED);
}

#[test]
fn what_the_list_of_musl_leads_to_is_found_inside() {
    require!(can_make_hosts(), TAKES_ROOT);
    each_on(Some(&Host::new()), LISTED);
}
