//! Shells that complete what is typed: bash and zsh on a terminal, by their line editors; fish has a command for it.

use hc_tests::{Cmd, Dir, Host, Running};
use std::collections::BTreeSet;
use std::time::Duration;

/// Inserts all that there is, which both line editors can do.
const ALL: &str = "\x14";
/// Shows what has become of the line, between two marks with its number, and empties it.
const DONE: &str = "\x0f";

const BASH: &str = r#"
. /usr/share/bash-completion/bash_completion
bind 'set bell-style none'
bind 'set completion-query-items 0'
bind 'set page-completions off'
bind '"\C-t": insert-completions'
number=1
done_() { printf '<%d:%s:%d>\n' "$number" "$READLINE_LINE" "$((number++))"; READLINE_LINE=; READLINE_POINT=0; }
bind -x '"\C-o": done_'
PS1='ready> '
"#;

const ZSH: &str = r#"
fpath=("$XDG_DATA_DIRS/zsh/site-functions" $fpath)
autoload -U compinit
compinit -u -D
setopt no_beep
LISTMAX=10000
zstyle ':completion:all-matches::::' completer _all_matches _complete
zstyle ':completion:all-matches:*' insert true
zle -C all-matches complete-word _generic
bindkey '^T' all-matches
number=1
done_() { zle -I; print -r -- "<$number:$BUFFER:$number>"; BUFFER=; ((number++)) }
zle -N done_
bindkey '^O' done_
PS1='ready> '
"#;

const FISH: &str = r#"
echo 'ready> '
set number 1
while read -l line
    set -l words (complete --do-complete="$line" | string replace -r '\t.*' '')
    echo "<$number:$words:$number>"
    set number (math $number + 1)
end
"#;

pub(crate) struct Shell {
    running: Running,
    number: u32,
    /// It has keys; if not, it reads lines, and shows words alone.
    keys: bool,
    _home: Dir,
}

impl Shell {
    pub(crate) fn bash(host: &Host, data: &Dir) -> Shell {
        Self::start(host, data, "bash --noprofile --rcfile ~/.bashrc -i", ".bashrc", BASH)
    }

    pub(crate) fn zsh(host: &Host, data: &Dir) -> Shell {
        Self::start(host, data, "zsh -i", ".zshrc", ZSH)
    }

    pub(crate) fn fish(host: &Host, data: &Dir) -> Shell {
        Self::start(host, data, "exec fish ~/script", "script", FISH)
    }

    #[track_caller]
    fn start(host: &Host, data: &Dir, line: &str, name: &str, script: &str) -> Shell {
        let home = Dir::new();
        home.file(name, script);
        let keys = name != "script";
        let cmd = if keys { Cmd::line(["script", "-qec", line, "/dev/null"]) } else { Cmd::sh(line) };
        // What is installed on this machine is not what is tested.
        let cmd = cmd.env("HOME", home.path()).env("XDG_DATA_DIRS", data.path()).env("TERM", "dumb");
        let cmd = cmd.env("SHELL", "/bin/sh").env("INPUTRC", "/dev/null");
        let mut running = cmd.on(host).limit(Duration::from_mins(4)).hold_input().start();
        running.expect("ready> ");
        Shell { running, number: 0, keys, _home: home }
    }

    /// What it offers for the last word of `line`: an option without =, of a value what is behind the = or : before it.
    #[track_caller]
    pub(crate) fn offers(&mut self, line: &str) -> BTreeSet<String> {
        let end = if self.keys { format!("{ALL}{DONE}") } else { "\n".to_owned() };
        let shown = self.shown_after(&format!("{line}{end}"));
        let words = if !self.keys {
            shown.as_str()
        } else if shown.trim_end() == line.trim_end() {
            ""
        } else {
            // They stand where the last word was.
            let last = line.rfind(' ').map_or(0, |at| at + 1);
            shown.get(last..).unwrap_or_else(|| panic!("{line:?} became {shown:?}"))
        };
        let part = |word: &str| {
            let word = word.trim_end_matches('=');
            word.rsplit(['=', ':']).next().unwrap_or(word).to_owned()
        };
        words.split_whitespace().map(part).collect()
    }

    /// Types these keys, and waits until `text` is shown.
    #[track_caller]
    pub(crate) fn types(&mut self, keys: &str, text: &str) {
        self.running.write(keys.as_bytes(), false);
        self.running.expect(text);
        self.shown_after(DONE);
    }

    #[track_caller]
    fn shown_after(&mut self, keys: &str) -> String {
        self.running.write(keys.as_bytes(), false);
        self.number += 1;
        let (before, behind) = (format!("<{}:", self.number), format!(":{}>", self.number));
        self.running.expect(&behind);
        let said = self.running.said();
        let shown = said.split(&before).nth(1).and_then(|rest| rest.split(&behind).next());
        shown.unwrap_or_else(|| panic!("no {before} in {said:?}")).to_owned()
    }
}
