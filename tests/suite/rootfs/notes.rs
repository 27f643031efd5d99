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
    assert!(
        text.contains("; with a root directory that stays (hc-run --root=DIR) copy it by: hc-rootfs "),
        "{text}"
    );
    assert!(command.contains(" DIR /usr/bin/python3."), "{command}");
    // Word by word.
    assert_eq!(
        advice(&run(&["--root=DIR"])),
        command.replace(" DIR ", &format!(" {} ", dir.join("DIR").display()))
    );
    Cmd::sh(&command).dir(dir.path()).as_nobody().run().ok().quiet();
    run(&["--root=DIR"]).ok().quiet().says("1\n");
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
