//! `-it` in a real terminal: keys, jobs, size, and a program of the whole screen.

use super::{Who, everybody};
use hc_tests::{Cmd, Dir, eventually, is_root, require, user_namespaces};

/// A terminal of tmux(1), in which somebody types.
struct Tmux {
    dir: Dir,
}

impl Tmux {
    /// One of 80 columns and 24 lines, with `line` in it.
    fn new(who: Who, line: &str) -> Self {
        let tmux = Tmux { dir: if who == Who::Root { Dir::new() } else { Dir::of_nobody() } };
        let path = format!("{}:/usr/bin:/bin", hc_tests::bin_dir().display());
        let start = ["-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", line];
        let started = Cmd::line(["tmux", "-S"]).arg(tmux.dir.join("socket")).args(start);
        let started =
            started.env("PATH", path).env("TERM", "xterm").env("SHELL", "/bin/sh").dir(tmux.dir.path());
        who.runs(started).run().ok().quiet();
        tmux
    }

    fn ask(&self, words: &[&str]) -> String {
        let asked = Cmd::line(["tmux", "-S"]).arg(self.dir.join("socket")).args(words).run();
        String::from_utf8_lossy(&asked.stdout).into_owned()
    }

    fn types(&self, keys: &[&str]) {
        self.ask(&[&["send-keys"], keys].concat());
    }

    fn screen(&self) -> String {
        self.ask(&["capture-pane", "-p"])
    }

    /// Waits for a line that is `text`.
    #[track_caller]
    fn shows(&self, text: &str) {
        let mut screen = String::new();
        for _ in 0..200 {
            screen = self.screen();
            if screen.lines().any(|line| line.trim_end() == text) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("no line {text:?} on the screen:\n{screen}");
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.ask(&["kill-server"]);
    }
}

/// How the kernel calls the state of the process `sleep SECONDS`, if there is one.
fn state_of_sleep(seconds: &str) -> Option<char> {
    let line = format!("sleep\0{seconds}\0");
    let processes = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let found = processes
        .filter(|process| std::fs::read(process.join("cmdline")).is_ok_and(|found| found == line.as_bytes()))
        .find_map(|process| std::fs::read_to_string(process.join("stat")).ok())?;
    found.rsplit_once(") ")?.1.chars().next()
}

/// hc-run with a shell and what it starts; then the shell outside says that it is back.
const SHELL: &str = "hc-run -it -e PS1='in> ' -e HISTFILE= -f /usr/bin/sleep -f /usr/bin/stty -f /usr/bin/vim.tiny \
                     -f /usr/bin/tty bash --norc --noprofile; echo \"back with $?\"; exec cat";

#[test]
fn a_shell_in_a_terminal_is_as_at_home() {
    require!(is_root(), "needs somebody to become another");
    require!(user_namespaces(), "ordinary users may not make user namespaces here");
    for who in everybody() {
        let terminal = Tmux::new(who, SHELL);
        terminal.shows("in>");
        let first = terminal.screen();
        assert!(!first.contains("job control") && !first.contains("cannot"), "{who:?}: {first}");
        terminal.types(&["tty; stty size", "Enter"]);
        terminal.shows("24 80");
        let screen = terminal.screen();
        assert!(screen.contains("/dev/pts/") || screen.contains("/dev/console"), "{screen}");

        // Ctrl-C ends what is in front, and not the shell.
        let seconds = (100_000 + std::process::id()).to_string();
        terminal.types(&[&format!("sleep {seconds}"), "Enter"]);
        eventually("sleep runs", || state_of_sleep(&seconds) == Some('S'));
        terminal.types(&["C-c"]);
        eventually("sleep has ended", || state_of_sleep(&seconds).is_none());
        terminal.types(&["echo ended by $?", "Enter"]);
        terminal.shows("ended by 130");

        // Ctrl-Z stops it; it is listed, and comes to the front again.
        terminal.types(&[&format!("sleep {seconds}"), "Enter"]);
        eventually("sleep runs", || state_of_sleep(&seconds) == Some('S'));
        terminal.types(&["C-z"]);
        eventually("sleep is stopped", || state_of_sleep(&seconds) == Some('T'));
        terminal.types(&["jobs", "Enter"]);
        eventually("it is listed", || terminal.screen().matches("Stopped").count() == 2);
        terminal.types(&["fg", "Enter"]);
        eventually("sleep goes on", || state_of_sleep(&seconds) == Some('S'));
        terminal.types(&["C-c"]);
        eventually("sleep has ended", || state_of_sleep(&seconds).is_none());
        terminal.types(&["bg", "Enter"]);
        terminal.shows("bash: bg: current: no such job");

        // The size is that of the terminal outside, now and later.
        terminal.ask(&["resize-window", "-x", "100", "-y", "30"]);
        let wait = "until [ \"$(stty size)\" = '30 100' ]; do sleep 0.1; done; echo resized";
        terminal.types(&[wait, "Enter"]);
        terminal.shows("resized");

        // A program of the whole screen draws it, and gives it back.
        terminal.types(&["vim.tiny -u NONE", "Enter"]);
        eventually("vi is there", || {
            terminal.screen().lines().filter(|line| line.trim_end() == "~").count() > 10
        });
        terminal.types(&["ihello from vi", "Escape"]);
        terminal.shows("hello from vi");
        terminal.types(&[":q!", "Enter"]);
        terminal.types(&["exit 7", "Enter"]);
        terminal.shows("back with 7");
    }
}
