//! --close-fds, --keep-fd.

use super::unshare;
use hc_tests::{Cmd, Dir, NOBODY, is_root, require};
use std::fs::File;

/// Three files and a directory of the caller's.
fn passing(cmd: Cmd) -> Cmd {
    let file = || File::open("/dev/null").unwrap();
    cmd.passing(file(), 100).passing(file(), 101).passing(file(), 500).passing(File::open("/").unwrap(), 900)
}

#[test]
fn only_the_standard_streams_and_what_is_named_stay() {
    for user in [0, NOBODY] {
        let seen = |words: &[&str]| passing(unshare(words)).user(user).next_view().descriptors();
        assert_eq!(seen(&[]), [0, 1, 2, 100, 101, 500, 900]);
        assert_eq!(seen(&["--close-fds"]), [0, 1, 2]);
        assert_eq!(seen(&["--close-fds", "--keep-fd=101"]), [0, 1, 2, 101]);
        assert_eq!(seen(&["--keep-fd=101"]), [0, 1, 2, 101]);
        assert_eq!(seen(&["--keep-fd", "500", "--keep-fd=100", "--keep-fd=1"]), [0, 1, 2, 100, 500]);
        assert_eq!(seen(&["-f", "--kill-child", "--keep-fd=900"]), [0, 1, 2, 900]);
    }
}

#[test]
fn a_closed_standard_stream_stays_closed() {
    let dir = Dir::of_nobody();
    let to = format!("to={}", dir.join("view").display());
    let line = unshare(&["--close-fds", "--keep-fd=0"]).arg(hc_tests::probe()).arg(&to);
    passing(line).closing(0).closing(1).as_nobody().run().ok().says("").quiet();
    let text = std::fs::read_to_string(dir.join("view")).unwrap();
    assert_eq!(hc_tests::View::parse(&text).descriptors(), [2]);
}

#[test]
fn what_is_to_stay_has_to_be_there() {
    // 3 and what follows are numbers that files of the tool itself could get.
    for number in ["3", "4", "5", "99", "2147483647"] {
        let option = format!("--keep-fd={number}");
        let line = passing(unshare(&["-f", "--kill-child", &option, "true"]));
        let message = line.as_nobody().run().fails("hc-unshare", 125);
        assert_eq!(message, format!("descriptor {number}: the caller does not have it open"));
    }
    for value in ["", "x", "-1", "2147483648"] {
        let option = format!("--keep-fd={value}");
        let output = unshare(&[&option, "true"]).as_nobody().run().exits(125).says("");
        output.complains(format!("hc-unshare: '{value}' is no file descriptor: try 'man hc-unshare'\n"));
    }
}

#[test]
fn an_inherited_directory_leads_out_of_the_root_unless_it_is_closed() {
    require!(is_root(), "takes root");
    let dir = Dir::new();
    let marker = dir.file("marker", "outside");
    let script = format!("test -e /proc/self/fd/900{}", marker.display());
    let out = |words: &[&str]| passing(unshare(words)).args(["sh", "-c", &script]).run();
    out(&[]).ok().quiet();
    out(&["--close-fds"]).exits(1).quiet();
}
