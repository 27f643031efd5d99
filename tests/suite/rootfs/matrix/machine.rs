//! Programs that Debian has. Their versions are what they say they are on this machine.

use super::{By, ROW, Row, TAKES_ROOT, each};
use hc_tests::{can_make_hosts, require};

const PROGRAMS: &[Row] = &[
    Row { name: "echo", copy: "hc-rootfs box /bin/echo", run: "/bin/echo good", ..ROW },
    Row {
        name: "bash",
        copy: "hc-rootfs box bash",
        run: "bash -c 'a=(bad good); [[ ${a[1]} =~ o+ ]] && echo ${a[1]}'",
        ..ROW
    },
    Row {
        name: "curl",
        make: "curl --version >version",
        copy: "hc-rootfs box curl sh cat cmp",
        check: "mkdir -p box$D; cp version box$D",
        run: "sh -c \"curl --version | cmp - $D/version && echo good\"",
        ..ROW
    },
    Row {
        name: "git",
        make: "git --version >version",
        copy: "hc-rootfs box git sh cmp",
        check: "mkdir -p box$D; cp version box$D",
        run: "sh -c \"git --version | cmp - $D/version && echo good\"",
        by: By::RootWithMounts,
        ..ROW
    },
    // The most libraries for the least to download: 118, most of them in its RUNPATH.
    Row {
        name: "smbclient",
        make: "smbclient --version >version",
        copy: "hc-rootfs box smbclient sh cmp",
        check: "mkdir -p box$D; cp version box$D; test $(find box -name '*.so*' | wc -l) -gt 100",
        run: "sh -c \"smbclient --version | cmp - $D/version && echo good\"",
        ..ROW
    },
    Row {
        name: "perl",
        make: r#"echo 'print "go", "od\n"' >s.pl"#,
        copy: "hc-rootfs box perl 2>notes; grep -q ': note: its librar' notes",
        check: "mkdir -p box$D; cp s.pl box$D",
        run: "perl $D/s.pl",
        ..ROW
    },
];

/// What is read once the program runs is copied by hand.
const WITH_LIBRARIES: &[Row] = &[
    Row {
        name: "perl with its modules",
        make: r#"echo 'use POSIX; use List::Util "sum"; print "good\n" if sum(1, 2) == 3' >s.pl"#,
        copy: r"hc-rootfs box perl 2>notes; grep -q ': note: its librar' notes
                cp -dR --parents /usr/lib/*/perl-base /usr/lib/*/perl /usr/share/perl box",
        check: "mkdir -p box$D; cp s.pl box$D",
        run: "perl $D/s.pl",
        ..ROW
    },
    Row {
        name: "python3 with its modules",
        copy: r"hc-rootfs box /usr/bin/python3 2>notes; grep -q ': note: its librar' notes
                cp -dR --parents $(/usr/bin/python3 -c 'import os; print(os.path.dirname(os.__file__))') box",
        run: r#"/usr/bin/python3 -c 'import json; print(json.loads("\"good\""))'"#,
        ..ROW
    },
];

/// The same, copied along.
const ALONG: &[Row] = &[
    Row {
        name: "perl -f",
        make: r#"echo 'use POSIX; use List::Util "sum"; print "good\n" if sum(1, 2) == 3' >s.pl"#,
        copy: r#"for tree in /usr/lib/*/perl-base /usr/lib/*/perl /usr/share/perl; do
                    if test -d $tree; then trees="$trees -f $tree"; fi
                done; hc-rootfs $trees -f $D/s.pl box perl"#,
        run: "perl $D/s.pl",
        ..ROW
    },
    Row {
        name: "python3 -f, with a module of C that needs a library which nothing else does",
        copy: r"tree=$(/usr/bin/python3 -c 'import os; print(os.path.dirname(os.__file__))')
                hc-rootfs -f $tree box /usr/bin/python3",
        run: r#"/usr/bin/python3 -c 'import json, _hashlib; print(_hashlib.new and json.loads("\"good\""))'"#,
        ..ROW
    },
];

#[test]
fn programs_of_the_machine_run() {
    require!(can_make_hosts(), TAKES_ROOT);
    each(PROGRAMS);
}

#[test]
fn interpreters_run_with_their_libraries() {
    require!(can_make_hosts(), TAKES_ROOT);
    each(WITH_LIBRARIES);
}

#[test]
fn interpreters_run_with_libraries_that_are_copied_along() {
    require!(can_make_hosts(), TAKES_ROOT);
    each(ALONG);
}
