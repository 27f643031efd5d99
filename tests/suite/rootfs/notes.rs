//! What is not copied is said, and what is said helps.

use super::{NO_CONTAINERS, can_look_inside};
use hc_tests::{Cmd, Dir, Output, require, user_namespaces};

/// The command in the only line that hc-rootfs has said: what follows the last colon.
#[track_caller]
fn advice(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).expect("text");
    let mut notes = text.lines().filter(|line| line.starts_with("hc-rootfs: ") && line.contains(": note: "));
    let note = notes.next().unwrap_or_else(|| panic!("expected a note in {output:?}"));
    assert_eq!(notes.next(), None, "one note");
    note.rsplit(": ").next().expect("a command").to_owned()
}

#[test]
fn a_python_runs_when_the_advice_is_followed() {
    require!(user_namespaces(), "ordinary users may not make user namespaces here");
    let dir = Dir::of_nobody();
    let run = |options: &[&str]| {
        let python = ["/usr/bin/python3", "-c", "import os; print(os.getpid())"];
        Cmd::tool("hc-run").args(options).args(python).dir(dir.path()).as_nobody().run()
    };
    // Without a directory of one's own there is nothing to copy to.
    let first = run(&[]);
    assert!(first.stdout.is_empty());
    let (text, command) = (String::from_utf8_lossy(&first.stderr).into_owned(), advice(&first));
    let way = "; with a root directory that stays (hc-run --rootfs=DIR) copy it by: hc-rootfs ";
    assert!(text.contains(way), "{text}");
    // Word by word.
    let program = command.split_once(" DIR ").unwrap_or_else(|| panic!("{command}")).1;
    assert!(program.starts_with("/usr/bin/python3."), "{command}");
    Cmd::sh(&command).dir(dir.path()).as_nobody().run().ok().quiet();
    let line = Cmd::tool("hc-run").args(["--rootfs=DIR", program, "-c", "import os; print(os.getpid())"]);
    line.dir(dir.path()).as_nobody().run().ok().quiet().says("2\n");
}

#[test]
fn a_perl_runs_when_the_advice_is_followed() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    // A name that a shell would take apart.
    let name = "b o'x\n$HOME\n";
    let copy = || Cmd::tool("hc-rootfs").args([name, "/usr/bin/perl"]).dir(dir.path()).run().ok();
    // What is there already is not in the note, and this is most of it.
    for library in ["lib/x86_64-linux-gnu/perl", "share/perl"] {
        dir.directory(format!("{name}/usr/{library}"));
    }
    let command = advice(&copy());
    assert!(command.contains(" /usr/lib/x86_64-linux-gnu/perl-base "), "{command}");
    Cmd::sh(&command).dir(dir.path()).run().ok().quiet();
    copy().quiet();
    let perl = Cmd::tool("hc-unshare").args(["-rm", &format!("--root={name}"), "/usr/bin/perl"]);
    // Not -e, for which perl opens /dev/null.
    dir.file(format!("{name}/s.pl"), "use POSIX; use List::Util 'sum'; print sum(40, 2)");
    perl.arg("/s.pl").dir(dir.path()).run().ok().quiet().says("42");
}
