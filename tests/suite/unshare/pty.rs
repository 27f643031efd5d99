//! `--pty`: NEXT has a terminal of its own, and what is typed and shown goes through.

mod bytes;
mod ends;
mod keys;

use super::{Who, unshare};
use hc_tests::{Cmd, Dir, Running, can_make_hosts, eventually, require, user_namespaces};
use std::path::PathBuf;

/// With and without an init, a /dev and a user namespace.
const WAYS: &[&[&str]] = &[&["--pty"], &["-fp", "--mount-proc", "--init", "--pty"], &["--jail", "--pty"]];
const WAYS_OF_NOBODY: &[&[&str]] =
    &[&["--pty"], &["-r", "--pty"], &["-rfp", "--mount-proc", "--init", "--pty"], &["--jail", "--pty"]];

impl Who {
    fn ways(self) -> &'static [&'static [&'static str]] {
        match self {
            Who::Root => WAYS,
            Who::Nobody => WAYS_OF_NOBODY,
        }
    }
}

/// A shell with job control on a terminal, by script(1): what is typed comes from standard input.
#[track_caller]
fn terminal(who: Who) -> Running {
    let line = Cmd::line(["script", "-qec", "env PS1=outer: ENV= sh -i", "/dev/null"]);
    let mut running = who.starts(line).env("SHELL", "/bin/sh").env("TERM", "vt100").hold_input().start();
    running.expect("outer:");
    running
}

#[track_caller]
fn type_in(running: &mut Running, keys: &str) {
    running.write(keys.as_bytes(), false);
}

/// Those that this program is the command of.
fn called(running: &Running, name: &str) -> Vec<i32> {
    let is_called = |pid: &i32| {
        let comm = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        comm.trim_end() == name
    };
    running.descendants().into_iter().filter(is_called).collect()
}

/// Waits until the shell of [`terminal`] is the one that reads: what is typed before that is NEXT's.
#[track_caller]
fn wait_for_the_shell(running: &Running) {
    eventually("the relay has ended", || called(running, "hc-unshare").is_empty());
}

/// Ends that shell.
#[track_caller]
fn leave(mut running: Running) {
    wait_for_the_shell(&running);
    type_in(&mut running, "exit 0\n");
    running.wait().ok();
}

/// The terminal that the shell of [`terminal`] is on.
fn device(running: &Running) -> PathBuf {
    std::fs::read_link(format!("/proc/{}/fd/0", called(running, "sh")[0])).unwrap()
}

/// What it is set to.
fn mode(device: &std::path::Path) -> String {
    Cmd::line(["stty", "-g", "-F"]).arg(device).run().ok().text().to_owned()
}

fn is_raw(device: &std::path::Path) -> bool {
    let all = Cmd::line(["stty", "-a", "-F"]).arg(device).run().ok().text().to_owned();
    ["-icanon", "-isig", "-echo ", "-opost"].iter().all(|flag| all.contains(flag))
}

/// The processor time that it has used, in hundredths of a second.
fn used(pid: i32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[test]
fn the_terminal_is_next_s_and_the_caller_s_is_not_there() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    require!(user_namespaces(), "takes user namespaces");
    let look = "tty; for file in /proc/$$/fd/*; do readlink $file; done; ps -o tty= -p $$; test -r /dev/tty && echo has-one";
    for who in Who::ALL {
        let mut running = terminal(who);
        let outer = device(&running);
        for (at, words) in who.ways().iter().enumerate() {
            let line = format!("hc-unshare {} sh -c '{look}; echo end''{at}='\n", words.join(" "));
            let before = running.said().len();
            type_in(&mut running, &line);
            running.expect(&format!("end{at}=\r\nouter:"));
            wait_for_the_shell(&running);
            let said = running.said().split_off(before);
            let found: Vec<&str> = said.lines().skip(1).map(str::trim).collect();
            let [tty, files @ .., name, has_one, _end, _prompt] = &found[..] else { panic!("{found:?}") };
            assert!(tty.starts_with("/dev/pts/"), "{who:?} {words:?}: {found:?}");
            // The standard streams, and nothing else.
            assert_eq!(files, [*tty; 3], "{who:?} {words:?}: {found:?}");
            assert_eq!(
                (format!("/dev/{name}"), *has_one),
                ((*tty).to_owned(), "has-one"),
                "{who:?} {words:?}"
            );
            if words.contains(&"--jail") {
                assert_eq!(*tty, "/dev/pts/0", "{who:?}: {found:?}");
            } else {
                assert_ne!(*tty, outer.to_str().unwrap(), "{who:?} {words:?}");
            }
        }
        leave(running);
    }
}

#[test]
fn the_console_is_the_terminal() {
    require!(user_namespaces(), "takes user namespaces");
    let script = "stat -L -c '%t:%T' /dev/console /dev/pts/0 /dev/stdin; echo to-console >/dev/console; ls -1 /dev/pts";
    for who in Who::ALL {
        let line = who.starts(unshare(&["--jail", "--pty", "sh", "-c", script]));
        line.run().ok().quiet().says("88:0\r\n88:0\r\n88:0\r\nto-console\r\n0\r\nptmx\r\n");
        // Without it there is neither.
        let line = who.starts(unshare(&["--jail", "sh", "-c", "ls /dev/pts; test -e /dev/console"]));
        line.run().exits(1).quiet();
    }
}

#[test]
fn it_belongs_to_who_next_is() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    for words in [&["--pty"][..], &["--dev", "--pty"], &["--jail", "--pty"]] {
        let next = ["-S", "1234", "-G", "1234", "sh", "-c", "stat -c %u $(tty); echo open >/dev/stdout"];
        unshare(words).args(next).run().ok().quiet().says("1234\r\nopen\r\n");
    }
}

#[test]
fn it_has_the_size_of_the_caller_s_and_follows_it() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    require!(user_namespaces(), "takes user namespaces");
    for who in Who::ALL {
        for words in who.ways() {
            let mut running = terminal(who);
            let outer = device(&running);
            let size = |rows: &str, columns: &str| {
                Cmd::line(["stty", "rows", rows, "cols", columns, "-F"]).arg(&outer).run().ok();
            };
            size("31", "97");
            let script = "$|=1; sub size { print q(is:), `stty size` } $SIG{WINCH} = sub { size }; size; sleep 1 while 1";
            type_in(&mut running, &format!("hc-unshare {} perl -e '{script}'\n", words.join(" ")));
            running.expect("is:31 97\r\n");
            for (rows, columns) in [("40", "132"), ("1", "2"), ("200", "300")] {
                size(rows, columns);
                running.expect(&format!("is:{rows} {columns}\r\n"));
            }
            type_in(&mut running, "\x03");
            leave(running);
        }
    }
}

/// A terminal of its own is what a line editor and a shell find as they expect it.
#[test]
fn it_is_set_as_the_caller_s_is() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let dir = Dir::new();
    let (outer, inner) = (dir.join("outer"), dir.join("inner"));
    let mut running = terminal(Who::Root);
    let line = format!(
        "stty intr ^G erase ^H; stty -g >{0}; hc-unshare --pty sh -c 'stty -g >{1}'; cmp {0} {1} && echo sa''me=\n",
        outer.display(),
        inner.display()
    );
    type_in(&mut running, &line);
    running.expect("same=");
    // Behind a pipe it does not echo, for the caller's does; otherwise it is the same.
    let line = format!(
        "stty -echo; stty -g >{0}; stty echo; \
         hc-unshare --pty sh -c 'stty -g >{1}' | cat; cmp {0} {1} && echo si''lent=\n",
        outer.display(),
        inner.display()
    );
    type_in(&mut running, &line);
    running.expect("silent=");
    leave(running);
}

#[test]
fn the_filter_of_a_jail_refuses_to_type_for_the_caller() {
    require!(user_namespaces(), "takes user namespaces");
    let script = "open T, '+<', '/dev/tty' or die; my $x = 'x'; print ioctl(T, 0x5412, $x) ? 'typed' : 'refused: '.($!+0)";
    for who in Who::ALL {
        who.starts(unshare(&["--jail", "--pty", "perl", "-e", script])).run().ok().quiet().says("refused: 1");
    }
}
