//! What is missing is told, with who needs it and where it was looked for, and nothing is made.

use super::{TAKES_ROOT, shell, shown};
use hc_tests::{Dir, Ended, can_make_hosts, require};

/// A program that lacks something: how it is made, how the copy is tried, and what is said of it.
struct Lack {
    name: &'static str,
    make: &'static str,
    copy: &'static str,
    says: &'static str,
}

const LACK: Lack = Lack { name: "", make: "", copy: "hc-rootfs box ./p", says: "" };

/// Where the loaders of Debian look, in this order.
const PLACES: &[(&str, &str)] = &[
    ("GLIBC32", "/lib32 /usr/lib32 /lib /usr/lib /etc/ld.so.cache"),
    ("GLIBC", "/lib/x86_64-linux-gnu /usr/lib/x86_64-linux-gnu /lib /usr/lib /etc/ld.so.cache"),
    ("MUSL", "/lib/x86_64-linux-musl /usr/lib/x86_64-linux-musl"),
];

const LACKS: &[Lack] = &[
    Lack {
        name: "library of the program",
        make: "so libw.so $O/good.o; exe p $O/main.o libw.so; rm libw.so",
        says: "$D/p: libw.so, which it needs, is in none of: GLIBC",
        ..LACK
    },
    Lack {
        name: "library of a library, with a RUNPATH",
        make: r"so x/libw.so $O/good.o
                so y/libmid.so $O/middle.o x/libw.so -Wl,--enable-new-dtags,-rpath,/nosuch:$D/x
                exe p $O/deep.o y/libmid.so -Wl,-rpath-link,x,--enable-new-dtags,-rpath,$D/y; rm x/libw.so",
        says: "$D/p: libw.so, needed by $D/y/libmid.so, is in none of: /nosuch $D/x GLIBC",
        ..LACK
    },
    Lack {
        name: "library of a library, in the RPATHs of both",
        make: r"so x/libw.so $O/good.o
                so y/libmid.so $O/middle.o x/libw.so '-Wl,--disable-new-dtags,-rpath,$ORIGIN/z'
                exe p $O/deep.o y/libmid.so -Wl,-rpath-link,x,--disable-new-dtags,-rpath,$D/y:/nosuch",
        says: "$D/p: libw.so, needed by $D/y/libmid.so, is in none of: $D/y/z $D/y /nosuch GLIBC",
        ..LACK
    },
    Lack {
        name: "library of which there is a link that dangles, and one for another machine",
        make: r"so libw.so $O/good.o; exe p $O/main.o libw.so -Wl,-rpath,$D/a:$D/b
                mkdir a; ln -s nowhere a/libw.so; so b/libw.so -m32 $O/good32.o",
        says: "$D/p: libw.so, which it needs, is in none of: $D/a $D/b GLIBC ($D/b/libw.so is for another machine)",
        ..LACK
    },
    Lack {
        name: "library by an absolute name",
        make: "cc -shared -nostdlib -o w.so $O/good.o; exe p $O/main.o $D/w.so; rm w.so",
        says: "$D/p: $D/w.so, which it needs, is not there",
        ..LACK
    },
    Lack {
        name: "library of a 32-bit program",
        make: r"so libw.so -m32 $O/good32.o
                exe p -m32 -no-pie -nostdlib $O/main32.o libw.so /usr/lib32/libc.so.6 \
                -Wl,--dynamic-linker=/lib/ld-linux.so.2; rm libw.so",
        says: "$D/p: libw.so, which it needs, is in none of: GLIBC32",
        ..LACK
    },
    Lack {
        name: "library of a program of musl",
        make: "so libw.so $O/good.o; CC=musl-gcc exe p $O/main.o libw.so -Wl,-rpath,$D/x; rm libw.so",
        says: "$D/p: libw.so, which it needs, is in none of: $D/x MUSL",
        ..LACK
    },
    Lack {
        name: "library of the second program",
        make: "so libw.so $O/good.o; exe p $O/main.o libw.so; rm libw.so",
        copy: "hc-rootfs box /bin/echo ./p cat",
        says: "$D/p: libw.so, which it needs, is in none of: GLIBC",
    },
    Lack {
        name: "library of an interpreter",
        make: r"so libw.so $O/good.o; exe q $O/main.o libw.so; rm libw.so; script p '#!'$D/q",
        says: "$D/q: libw.so, which it needs, is in none of: GLIBC",
        ..LACK
    },
    Lack {
        name: "program of env",
        make: "script p '#!/usr/bin/env no-such-program'",
        says: "$D/p: its program, by way of env: no-such-program: not found in PATH",
        ..LACK
    },
    Lack {
        name: "loader",
        make: "exe p $O/main.o $O/good.o -Wl,--dynamic-linker=/nosuch/ld.so",
        says: "$D/p: its loader /nosuch/ld.so is not there, or not readable",
        ..LACK
    },
];

impl Lack {
    /// What is wrong first; with `box` there before, and without.
    fn failure(&self) -> Option<String> {
        let dir = Dir::new();
        let made = shell(&dir, None, self.make).run();
        if made.ended != Ended::Exit(0) || !made.stderr.is_empty() {
            return Some(format!("{}: cannot be made: {}", self.name, shown(&made)));
        }
        let says = self.says.replace("$D", &dir.path().display().to_string());
        let says = PLACES.iter().fold(says, |says, (name, places)| says.replace(name, places));
        [false, true].into_iter().find_map(|used| {
            if used {
                dir.file("box/usr/bin/cat", "another");
                dir.file("box/.hc-rootfs/0", "left by a run that was killed");
            }
            let before = dir.listing();
            let output = shell(&dir, None, self.copy).run();
            let good = output.ended == Ended::Exit(125)
                && output.stdout.is_empty()
                && output.stderr == format!("hc-rootfs: {says}\n").as_bytes();
            let after = dir.listing();
            let wrong = if !good {
                format!("expected {says}\nof {}", shown(&output))
            } else if after != before {
                format!("it made {after:#?}\nof {before:#?}")
            } else {
                return None;
            };
            Some(format!("{}: {wrong}", self.name))
        })
    }
}

#[test]
fn what_is_missing_is_told_and_nothing_is_made() {
    require!(can_make_hosts(), TAKES_ROOT);
    let failures: Vec<String> = LACKS.iter().filter_map(Lack::failure).collect();
    let (failed, all) = (failures.len(), LACKS.len());
    assert!(failures.is_empty(), "{failed} of {all} rows fail:\n\n{}", failures.join("\n"));
}
