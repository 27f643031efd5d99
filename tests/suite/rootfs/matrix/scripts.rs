//! Scripts, and all that their first lines lead to.

use super::{ROW, Row, TAKES_ROOT, each};
use hc_tests::{can_make_hosts, require};

const SCRIPTS: &[Row] = &[
    Row { name: "#!/bin/sh", make: "script p '#!/bin/sh' 'echo good'", ..ROW },
    Row {
        name: "#! with blanks and an option",
        make: "script p '#!   /bin/sh  -f  ' 'echo good *'",
        says: "good *\n",
        ..ROW
    },
    Row {
        name: "nested #!, as deep as the kernel goes",
        make: r"script s1 '#!/bin/sh' 'echo good $#'; script p '#!'$D/s4
                for i in 2 3 4; do script s$i '#!'$D/s$((i - 1))' x'; done",
        says: "good 7\n",
        ..ROW
    },
    Row {
        name: "nested #! with a program of its own at the end",
        make: r"so libw.so $O/good.o; exe q $O/main.o libw.so -Wl,-rpath,$D
                script r '#!'$D'/q -x'; script p '#!'$D/r",
        ..ROW
    },
    Row {
        name: "#!/usr/bin/env sh",
        make: "script p '#!/usr/bin/env sh' 'echo good'",
        check: "test -x box/usr/bin/env",
        ..ROW
    },
    Row {
        name: "#!/usr/bin/env -S",
        make: "script p '#!/usr/bin/env -S -i A=go sh -e' 'echo ${A}od'",
        ..ROW
    },
    Row {
        name: "#!/usr/bin/env of a script",
        make: r"script bin/first '#!/usr/bin/env -S second x'; script bin/second '#!/bin/sh' 'echo good $#'
                script p '#!/usr/bin/env first'",
        copy: "PATH=$D/bin:$PATH hc-rootfs box ./p",
        run: "env PATH=$D/bin:/usr/bin:/bin $D/p",
        says: "good 3\n",
        ..ROW
    },
    Row {
        name: "#!/usr/bin/env perl",
        make: r#"script p '#!/usr/bin/env perl' 'print "good\n"'"#,
        copy: "hc-rootfs box ./p 2>notes",
        ..ROW
    },
    Row {
        name: "script through links",
        make: r"script s '#!/bin/sh' 'echo $0'; ln -s s t; ln -s $D/t u",
        copy: "hc-rootfs box ./u env",
        check: "test -L box$D/u && test -L box$D/t",
        run: "env -C $D ./u",
        says: "./u\n",
        ..ROW
    },
    Row {
        name: "interpreter through links",
        make: r"mkdir bin; ln -s ../sh bin/sh; ln -s /bin/sh sh; script p '#!'$D/bin/sh 'echo good'",
        check: "test -L box$D/bin/sh && test -L box$D/sh",
        ..ROW
    },
];

/// With the tree of its library, copied by hand.
const PYTHON: &[Row] = &[Row {
    name: "#!/usr/bin/env python3",
    make: "script p '#!/usr/bin/env python3' 'import json' 'print(json.loads(\"[4]\")[0] + 3)'",
    copy: r"hc-rootfs box ./p 2>notes
            cp -dR --parents $(python3 -c 'import os; print(os.path.dirname(os.__file__))') box",
    says: "7\n",
    ..ROW
}];

/// The same, copied along.
const PYTHON_ALONG: &[Row] = &[Row {
    name: "#!/usr/bin/env python3, -f",
    make: "script p '#!/usr/bin/env python3' 'import json' 'print(json.loads(\"[4]\")[0] + 3)'",
    copy: "hc-rootfs -f $(python3 -c 'import os; print(os.path.dirname(os.__file__))') box ./p",
    says: "7\n",
    ..ROW
}];

#[test]
fn scripts_run_with_all_that_their_first_lines_lead_to() {
    require!(can_make_hosts(), TAKES_ROOT);
    each(SCRIPTS);
}

#[test]
fn a_script_of_python_runs_with_its_library() {
    require!(can_make_hosts(), TAKES_ROOT);
    each(PYTHON);
}

#[test]
fn a_script_of_python_runs_with_its_library_copied_along() {
    require!(can_make_hosts(), TAKES_ROOT);
    each(PYTHON_ALONG);
}
