//! Programs that have more rights than who starts them.

use super::{By, ROW, Row, TAKES_ROOT, each};
use hc_tests::{can_make_hosts, require};

const SET_ID: &[Row] = &[
    Row {
        name: "set-user-ID",
        make: r"cp /usr/bin/id p; chmod 4755 p",
        run: "$D/p -u",
        by: By::User,
        says: "0\n",
        ..ROW
    },
    Row {
        name: "set-group-ID of another group, closed to others",
        make: r"cp /usr/bin/id p; chown 65534:1234 p; chmod 2750 p",
        run: "$D/p -g",
        by: By::User,
        says: "1234\n",
        ..ROW
    },
    Row { name: "neither", make: r"cp /usr/bin/id p", run: "$D/p -u", by: By::User, says: "65534\n", ..ROW },
];

/// The file `secret` is closed to all but who has the capability, which only `cat` under the name `p` has.
const CAPABILITIES: &[Row] = &[
    Row {
        name: "file capability",
        make: "cp /bin/cat p; setcap cap_dac_override+ep p; echo good >secret; chmod 0 secret",
        check: "cp -p secret box$D",
        run: "$D/p $D/secret",
        by: By::User,
        ..ROW
    },
    Row {
        name: "file capability that the file did not have the first time",
        make: "cp /bin/cat p; echo good >secret; chmod 0 secret; hc-rootfs box ./p; setcap cap_dac_override+ep p",
        check: "cp -p secret box$D",
        run: "$D/p $D/secret",
        by: By::User,
        ..ROW
    },
    Row {
        name: "file capability that the file has no more",
        make: "cp /bin/cat p; setcap cap_dac_override+ep p; echo good >open; hc-rootfs box ./p; setcap -r p",
        check: "cp open box$D; test -z \"$(getcap box$D/p)\"",
        run: "$D/p $D/open",
        ..ROW
    },
    Row {
        name: "file capability of a set-user-ID program of another user",
        make: r"cp /bin/cat p; chown 1234 p; chmod 4755 p; setcap cap_dac_override+ep p
                echo good >secret; chmod 0 secret",
        check: "cp -p secret box$D; test $(stat -c %u:%a box$D/p) = 1234:4755",
        run: "$D/p $D/secret",
        by: By::User,
        ..ROW
    },
];

/// With an option.
const WITHOUT: &[Row] = &[Row {
    name: "--no-xattrs",
    make: "cp /bin/cat p; setcap cap_dac_override+ep p; echo good >open",
    copy: "hc-rootfs --no-xattrs box ./p",
    check: "cp open box$D; test -z \"$(getcap box$D/p)\"",
    run: "$D/p $D/open",
    ..ROW
}];

#[test]
fn programs_keep_their_capabilities() {
    require!(can_make_hosts(), TAKES_ROOT);
    each(CAPABILITIES);
}

#[test]
fn programs_may_be_copied_without_their_capabilities() {
    require!(can_make_hosts(), TAKES_ROOT);
    each(WITHOUT);
}

#[test]
fn programs_keep_whose_rights_they_have() {
    require!(can_make_hosts(), TAKES_ROOT);
    each(SET_ID);
}
