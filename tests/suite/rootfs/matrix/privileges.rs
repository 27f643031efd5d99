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

#[test]
fn programs_keep_whose_rights_they_have() {
    require!(can_make_hosts(), TAKES_ROOT);
    each(SET_ID);
}
