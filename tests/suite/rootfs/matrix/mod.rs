//! Programs of every kind, each copied, and run in the copy by chroot(8): what it says on the machine it has to
//! say in there. A table for each concern, and a test tells of all rows of its table that fail.

mod cache;
mod killed;
mod kinds;
mod machine;
mod missing;
mod opened;
mod paths;
mod privileges;
mod processors;
mod scripts;
mod stand_ins;
mod wide;

use hc_tests::{Cmd, Dir, Ended, Host, Output};
use std::sync::OnceLock;

const TAKES_ROOT: &str = "takes root with CAP_SYS_ADMIN";

/// A program, and what has to come of it. All but `name` and `says` is for a shell, in a directory of the row's
/// own, `$D`.
struct Row {
    /// What it is about.
    name: &'static str,
    /// Makes the program, with what [`PRELUDE`] has.
    make: &'static str,
    /// Copies it into `box`.
    copy: &'static str,
    /// Fails when `box` lacks something.
    check: &'static str,
    /// One command line, for the machine and for `box`.
    run: &'static str,
    by: By,
    /// What that prints.
    says: &'static str,
}

/// How a row's command line is run.
enum By {
    Root,
    /// With /proc, without which `$ORIGIN` of a program is nothing, and /dev.
    RootWithMounts,
    User,
}

/// The usual row, which the others say their difference from.
const ROW: Row = Row {
    name: "",
    make: "",
    copy: "hc-rootfs box ./p",
    check: "",
    run: "$D/p",
    by: By::Root,
    says: "good\n",
};

/// `so FILE OBJECT... [OPTION]...` makes a library whose name is the file's, `exe` a program, and `script FILE LINE...`
/// one of these. Objects are in `$O`; each has one function and leads to the next: `main.o` (or `deep.o`, by way of
/// `middle.o`) to `good.o` or `bad.o`.
const PRELUDE: &str = r#"
set -e
so() {
    file=$1; shift
    mkdir -p "$(dirname "$file")"
    ${CC:-cc} -shared -nostdlib -o "$file" -Wl,--no-as-needed,-soname,"$(basename "$file")" "$@"
}
exe() {
    file=$1; shift
    mkdir -p "$(dirname "$file")"
    ${CC:-cc} -o "$file" -Wl,--no-as-needed "$@"
}
script() {
    file=$1; shift
    mkdir -p "$(dirname "$file")"
    printf '%s\n' "$@" >"$file"
    chmod +x "$file"
}
opener() { cc -c -fPIC -DNAMES="$1" $O/opener.c; }
note() {
    {
        echo '.section .note.GNU-stack,"",@progbits'
        printf '.section .note.dlopen,"a",@note\n.balign 4\n.long 4, 2f-1f, 0x407c0c0a\n.asciz "FDO"\n1: .asciz "'
        printf %s "$1" | sed 's/[\\"]/\\&/g'
        printf '"\n2: .balign 4\n'
    } | as -o note.o -
}
canceller() { ${CC:-cc} -c -fPIC -DHOW=$1_it $O/canceller.c; }
"#;

/// The sources of `$O`. The 32-bit ones do without the C compiler's 32-bit part, which is 60 MB.
const SOURCES: &str = r#"
cat >main.c <<'end'
#include <stdio.h>
const char *word(void);
int main(void) { puts(word()); return 0; }
end
sed 's/word/middle/' main.c >deep.c
echo 'const char *word(void); const char *middle(void) { return word(); }' >middle.c
for word in good bad; do echo "const char *word(void) { return \"$word\"; }" >$word.c; done
cat >main32.c <<'end'
int puts(const char *);
void exit(int);
const char *word(void);
__attribute__((force_align_arg_pointer)) void _start(void) { puts(word()); exit(0); }
end
cp good.c good32.c
cat >opener.c <<'end'
#include <dlfcn.h>
const char *word(void)
{
    static const char *const names[] = { NAMES };
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        void *library = dlopen(names[i], RTLD_NOW);
        const char *(*found)(void) = library ? dlsym(library, "word") : 0;
        if (found)
            return found();
    }
    return "none";
}
end
cat >canceller.c <<'end'
#include <pthread.h>
#include <unistd.h>
static void *cancel_it(void *x) { for (;;) pause(); return x; }
static void *exit_it(void *x) { pthread_exit(x); }
const char *word(void)
{
    pthread_t thread;
    if (pthread_create(&thread, 0, HOW, 0))
        return "none";
    if (HOW == cancel_it)
        pthread_cancel(thread);
    pthread_join(thread, 0);
    return "good";
}
end
: >none.c
cc -c -fPIC main.c deep.c middle.c good.c bad.c none.c
cc -c -m32 -fPIC -fno-stack-protector main32.c good32.c
"#;

/// The directory of the compiled objects, which all rows link.
fn objects() -> &'static Dir {
    static OBJECTS: OnceLock<Dir> = OnceLock::new();
    OBJECTS.get_or_init(|| {
        let dir = Dir::new();
        Cmd::sh(format!("set -e{SOURCES}")).dir(dir.path()).run().ok().quiet();
        dir
    })
}

/// Expects of every row that its program says inside what it says outside.
#[track_caller]
fn each(rows: &[Row]) {
    each_on(None, rows);
}

/// The same on another machine, if one is given.
#[track_caller]
fn each_on(host: Option<&Host>, rows: &[Row]) {
    let failures: Vec<String> = rows.iter().filter_map(|row| row.failure(host)).collect();
    let (failed, all) = (failures.len(), rows.len());
    assert!(failures.is_empty(), "{failed} of {all} rows fail:\n\n{}", failures.join("\n"));
}

impl Row {
    /// What is wrong first.
    fn failure(&self, host: Option<&Host>) -> Option<String> {
        let dir = Dir::new();
        let steps = [
            ("cannot be made", self.make.to_owned(), ""),
            ("does not run on the machine", self.outside(), self.says),
            ("is not copied", self.copy.to_owned(), ""),
            ("is not complete", self.check.to_owned(), ""),
            ("does not run inside", self.inside(), self.says),
        ];
        steps.into_iter().filter(|(_, script, _)| !script.is_empty()).find_map(|(wrong, script, says)| {
            let output = shell(&dir, host, &script).run();
            let good = output.ended == Ended::Exit(0) && output.stdout == says.as_bytes();
            (!good || !output.stderr.is_empty())
                .then(|| format!("{}: {wrong}: {}", self.name, shown(&output)))
        })
    }

    fn outside(&self) -> String {
        let user = "setpriv --reuid=65534 --regid=65534 --clear-groups";
        format!("exec {} {}", if matches!(self.by, By::User) { user } else { "" }, self.run)
    }

    fn inside(&self) -> String {
        let how = match self.by {
            By::Root => "chroot box",
            By::RootWithMounts => {
                "unshare -m sh -c 'mount -t proc x box/proc; mount -B /dev box/dev; exec chroot box \"$@\"' sh"
            }
            By::User => "chroot --userspec=65534:65534 --groups= box",
        };
        format!("exec {how} {}", self.run)
    }
}

/// A script in the directory of a row.
fn shell(dir: &Dir, host: Option<&Host>, script: &str) -> Cmd {
    let cmd = Cmd::sh(format!("{PRELUDE}{script}")).dir(dir.path());
    let cmd = cmd.env("D", dir.path()).env("O", objects().path());
    match host {
        Some(host) => cmd.on(host),
        None => cmd,
    }
}

/// What came of a script, without the part of it that all have.
fn shown(output: &Output) -> String {
    let text = format!("{output:?}");
    text.replace(&PRELUDE.as_bytes().escape_ascii().to_string(), "")
}
