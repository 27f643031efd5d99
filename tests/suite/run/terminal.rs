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
        terminal.types(&["sleep 1000; echo ended by $?", "Enter"]);
        eventually("sleep runs", || terminal.screen().contains("sleep 1000"));
        std::thread::sleep(std::time::Duration::from_millis(300));
        terminal.types(&["C-c"]);
        terminal.shows("in> sleep 1000; echo ended by $?");
        terminal.types(&["echo still here", "Enter"]);
        terminal.shows("still here");

        // Ctrl-Z stops it; it goes on in the background and comes to the front.
        terminal.types(&["clear 2>/dev/null; sleep 1001", "Enter"]);
        std::thread::sleep(std::time::Duration::from_millis(300));
        terminal.types(&["C-z"]);
        eventually("sleep is stopped", || terminal.screen().contains("Stopped"));
        terminal.types(&["jobs; echo listed", "Enter"]);
        terminal.shows("listed");
        terminal.types(&["fg", "Enter"]);
        std::thread::sleep(std::time::Duration::from_millis(300));
        terminal.types(&["C-c"]);
        terminal.types(&["jobs; echo none", "Enter"]);
        terminal.shows("none");

        // The size is that of the terminal outside, now and later.
        terminal.ask(&["resize-window", "-x", "100", "-y", "30"]);
        terminal.types(&["stty size", "Enter"]);
        terminal.shows("30 100");

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
