//! Options that the env(1) of this machine may be too old for, each case with what has to come of it: `--argv0` of
//! coreutils 9.5 and `--env0-from` of 9.12.

use super::{C, Locale, UTF_8, started};
use hc_tests::{Cmd, Dir, Ended};

/// A line, and what comes of it: the status, standard output, standard error.
struct Case(&'static [&'static str], i32, &'static str, &'static str);

/// As standard error: this and the line that names `--help`.
macro_rules! usage {
    ($message:literal) => {
        concat!("hc-env: ", $message, "\nTry 'hc-env --help' for more information.\n")
    };
}

const ARGV0: &[Case] = &[
    Case(&["-a", "me", "sh", "-c", "echo $0"], 0, "me\n", ""),
    Case(&["-ame", "sh", "-c", "echo $0"], 0, "me\n", ""),
    Case(&["--argv0", "me", "sh", "-c", "echo $0"], 0, "me\n", ""),
    Case(&["--argv0=me", "sh", "-c", "echo $0"], 0, "me\n", ""),
    Case(&["--a=me", "sh", "-c", "echo $0"], 0, "me\n", ""),
    Case(&["--arg", "me", "sh", "-c", "echo $0"], 0, "me\n", ""),
    Case(&["-a", "", "sh", "-c", "echo \"<$0>\""], 0, "<>\n", ""),
    Case(&["--argv0=", "sh", "-c", "echo \"<$0>\""], 0, "<>\n", ""),
    Case(&["-a", "a b", "sh", "-c", "echo $0"], 0, "a b\n", ""),
    Case(&["-a", "-x", "sh", "-c", "echo $0"], 0, "-x\n", ""),
    Case(&["-a", "Z=2", "sh", "-c", "echo $0 $Z."], 0, "Z=2 .\n", ""),
    Case(&["-a", "one", "-a", "two", "sh", "-c", "echo $0"], 0, "two\n", ""),
    Case(&["-a", "one", "--argv0=two", "-athree", "sh", "-c", "echo $0"], 0, "three\n", ""),
    Case(&["-a", "me", "Z=2", "sh", "-c", "echo $0 $Z"], 0, "me 2\n", ""),
    Case(&["-ia", "me", "A=2", "sh", "-c", "echo $0 $A"], 0, "me 2\n", ""),
    Case(&["-a", "me", "-C", "/", "sh", "-c", "echo $0; pwd"], 0, "me\n/\n", ""),
    Case(&["-S", "-a me sh -c 'echo $0'"], 0, "me\n", ""),
    Case(&["-S", "-a", "me", "sh", "-c", "echo $0"], 0, "me\n", ""),
    Case(&["-a", "me", "-S", "sh -c 'echo $0'"], 0, "me\n", ""),
    // The shell that runs a script without an interpreter has a name of its own.
    Case(&["-a", "me", "./plain/x", "a"], 0, "plain ./plain/x a\n", ""),
    Case(&["-a"], 125, "", usage!("option requires an argument -- 'a'")),
    Case(&["-ia"], 125, "", usage!("option requires an argument -- 'a'")),
    Case(&["--argv0"], 125, "", usage!("option '--argv0' requires an argument")),
    Case(&["--a"], 125, "", usage!("option '--argv0' requires an argument")),
    Case(&["--argv"], 125, "", usage!("option '--argv0' requires an argument")),
    Case(&["--argv1=x"], 125, "", usage!("unrecognized option '--argv1=x'")),
    Case(&["-a", "me"], 125, "", usage!("must specify command with --argv0 (-a)")),
    Case(&["-a", "me", "A=2"], 125, "", usage!("must specify command with --argv0 (-a)")),
    Case(&["-a", "", "-"], 125, "", usage!("must specify command with --argv0 (-a)")),
    Case(&["-a", "me", "-C", "/"], 125, "", usage!("must specify command with --chdir (-C)")),
    Case(&["-0", "-a", "me"], 125, "", usage!("must specify command with --argv0 (-a)")),
    Case(&["-0", "-a", "me", "true"], 125, "", usage!("cannot specify --null (-0) with command")),
    Case(&["-u", "", "-a", "me"], 125, "", "hc-env: cannot unset '': Invalid argument\n"),
    // It is the command itself that is looked for and named.
    Case(&["-a", "true", "nosuch"], 127, "", "hc-env: 'nosuch': No such file or directory\n"),
    Case(&["-a", "a b", "nosuch"], 127, "", "hc-env: 'nosuch': No such file or directory\n"),
    Case(
        &["-a", "me", "no such"],
        127,
        "",
        "hc-env: 'no such': No such file or directory\nhc-env: use -[v]S to pass options in shebang lines\n",
    ),
    Case(&["-a", "me", "text/x"], 126, "", "hc-env: 'text/x': Permission denied\n"),
    Case(&["-a", "me", ""], 127, "", "hc-env: '': No such file or directory\n"),
    Case(&["-v", "-a", "me", "true"], 0, "", "argv0:     'me'\nexecuting: true\n   arg[0]= 'me'\n"),
    Case(&["-a", "me", "-v", "true"], 0, "", "argv0:     'me'\nexecuting: true\n   arg[0]= 'me'\n"),
    Case(
        &["-v", "-a", "it's", "-C", "/", "A=2", "true", "b"],
        0,
        "",
        "setenv:   A=2\nchdir:    '/'\nargv0:     \"it's\"\nexecuting: true\n   arg[0]= 'it\\'s'\n   arg[1]= 'b'\n",
    ),
    Case(
        &["-v", "-a", "me", "nosuch"],
        127,
        "",
        "argv0:     'me'\nexecuting: nosuch\n   arg[0]= 'me'\nhc-env: 'nosuch': No such file or directory\n",
    ),
    Case(&["-v", "-a", "me"], 125, "", usage!("must specify command with --argv0 (-a)")),
];

const ARGV0_IN_UTF_8: &[Case] = &[
    Case(&["-v", "-a", "mé", "true"], 0, "", "argv0:     'mé'\nexecuting: true\n   arg[0]= ‘mé’\n"),
    Case(&["-a", "me", "nosuch"], 127, "", "hc-env: ‘nosuch’: No such file or directory\n"),
];

/// With one of these in the environment: `A=1`, `B=2`, `noequals`; and the files of [`files`].
const ENV0_FROM: &[Case] = &[
    Case(&["--env0-from=some"], 0, "A=\nB=file\nnoequals\nN=new\n", ""),
    Case(&["--env0-from", "some"], 0, "A=\nB=file\nnoequals\nN=new\n", ""),
    Case(&["--e=some"], 0, "A=\nB=file\nnoequals\nN=new\n", ""),
    Case(&["--env", "some"], 0, "A=\nB=file\nnoequals\nN=new\n", ""),
    Case(&["--env0=some"], 0, "A=\nB=file\nnoequals\nN=new\n", ""),
    Case(&["--env0-from=-"], 0, "A=stdin\nB=2\nnoequals\n=\n", ""),
    Case(&["--env0-from=empty"], 0, "A=1\nB=2\nnoequals\n", ""),
    Case(&["--env0-from=/dev/null"], 0, "A=1\nB=2\nnoequals\n", ""),
    Case(&["--env0-from=twice"], 0, "A=last\nB=2\nnoequals\n", ""),
    Case(&["--env0-from=some", "-u", "B"], 0, "A=\nnoequals\nN=new\n", ""),
    Case(&["-u", "B", "--env0-from=some"], 0, "A=\nnoequals\nN=new\n", ""),
    Case(&["--env0-from=some", "-u", "N", "N=x", "A=y"], 0, "A=y\nB=file\nnoequals\nN=x\n", ""),
    Case(&["--env0-from=some", "A=x", "Z=y", "N=z"], 0, "A=x\nB=file\nnoequals\nN=z\nZ=y\n", ""),
    Case(&["-0", "--env0-from=lines"], 0, "A=1\0B=two\nlines\0noequals\0", ""),
    // After -i it is all that there is, byte by byte.
    Case(&["-i", "--env0-from=some"], 0, "B=file\nN=new\nA=\n", ""),
    Case(&["--env0-from=some", "-i"], 0, "B=file\nN=new\nA=\n", ""),
    Case(&["--env0-from=some", "-"], 0, "B=file\nN=new\nA=\n", ""),
    Case(&["-i", "--env0-from=empty"], 0, "", ""),
    Case(&["-i0", "--env0-from=raw"], 0, "A=first\0opaque\0A=last\0\0=value\0B=\0opaque\0", ""),
    Case(&["-0", "--env0-from=raw", "-"], 0, "A=first\0opaque\0A=last\0\0=value\0B=\0opaque\0", ""),
    Case(&["-i0", "--env0-from=raw", "-u", "A"], 0, "opaque\0\0=value\0B=\0opaque\0", ""),
    Case(&["-i0", "--env0-from=raw", "A=x"], 0, "A=x\0opaque\0A=last\0\0=value\0B=\0opaque\0", ""),
    Case(
        &["-i0", "--env0-from=raw", "-u", "A", "B=x", "=y", "A=z"],
        0,
        "opaque\0\0=y\0B=x\0opaque\0A=z\0",
        "",
    ),
    Case(&["-i", "--env0-from=path", "args", "a"], 0, "1:<a>", ""),
    Case(&["--env0-from=path", "args", "a"], 0, "1:<a>", ""),
    Case(&["-S", "--env0-from=some -i"], 0, "B=file\nN=new\nA=\n", ""),
    // Names to remove are looked at also after -i, for there is something to remove.
    Case(
        &["-i", "--env0-from=empty", "-u", "", "true"],
        125,
        "",
        "hc-env: cannot unset '': Invalid argument\n",
    ),
    Case(
        &["-i", "--env0-from=empty", "-u", "a=b"],
        125,
        "",
        "hc-env: cannot unset 'a=b': Invalid argument\n",
    ),
    Case(&["--env0-from=empty", "-u", ""], 125, "", "hc-env: cannot unset '': Invalid argument\n"),
    Case(&["--env0-from=open"], 125, "", "hc-env: open: file must end with a NUL byte\n"),
    Case(&["-i", "--env0-from=open", "true"], 125, "", "hc-env: open: file must end with a NUL byte\n"),
    Case(&["--env0-from=raw", "true"], 125, "", "hc-env: invalid variable specification 'opaque' in 'raw'\n"),
    Case(&["--env0-from=nul"], 125, "", "hc-env: invalid variable specification '' in 'nul'\n"),
    Case(&["-i", "--env0-from=nosuch"], 125, "", "hc-env: cannot read 'nosuch': No such file or directory\n"),
    Case(&["--env0-from=."], 125, "", "hc-env: cannot read '.': Is a directory\n"),
    Case(&["--env0-from"], 125, "", usage!("option '--env0-from' requires an argument")),
    Case(&["--e"], 125, "", usage!("option '--env0-from' requires an argument")),
    Case(&["--env1-from=x"], 125, "", usage!("unrecognized option '--env1-from=x'")),
    Case(&["--env0-from=some", "-0", "true"], 125, "", usage!("cannot specify --null (-0) with command")),
    Case(
        &["--=x"],
        125,
        "",
        usage!(
            "option '--=x' is ambiguous; possibilities: '--argv0' '--ignore-environment' '--env0-from' '--null' \
             '--unset' '--chdir' '--default-signal' '--ignore-signal' '--block-signal' '--list-signal-handling' \
             '--debug' '--split-string' '--help' '--version'"
        ),
    ),
];

fn files(path: &str) -> Dir {
    let dir = Dir::new();
    dir.file("some", "B=file\0N=new\0A=\0");
    dir.file("empty", "");
    dir.file("twice", "A=first\0A=last\0");
    dir.file("lines", "B=two\nlines\0");
    dir.file("raw", "A=first\0opaque\0A=last\0\0=value\0B=\0opaque\0");
    dir.file("open", "A=1\0B=2");
    dir.file("nul", "\0");
    dir.file("path", format!("PATH={path}\0"));
    dir
}

#[track_caller]
fn check(cases: &[Case], how: impl Fn(Cmd) -> Cmd) {
    let mut failures = Vec::new();
    for Case(line, status, stdout, stderr) in cases {
        let output = how(Cmd::tool("hc-env")).args(*line).run();
        let said = output.stdout == stdout.as_bytes() && output.stderr == stderr.as_bytes();
        if !said || output.ended != Ended::Exit(*status) {
            let expected = stderr.escape_debug();
            failures.push(format!("{output:?}  not:    {status} {} {expected}\n", stdout.escape_debug()));
        }
    }
    super::report(&failures, cases.len());
}

#[test]
fn argv0_is_what_next_is_told_and_nothing_else() {
    let in_locale = |locale: Locale| move |cmd| started(cmd, locale);
    check(ARGV0, in_locale(C));
    check(ARGV0_IN_UTF_8, in_locale(UTF_8));
}

#[test]
fn env0_from_puts_entries_in_and_makes_them_all_after_an_i() {
    let path = super::places().join("tools").display().to_string();
    let dir = files(&path);
    let start = |cmd: Cmd| cmd.environ(["A=1", "B=2", "noequals"]).dir(dir.path()).as_nobody();
    check(ENV0_FROM, |cmd| start(cmd).input("A=stdin\0=\0"));
}
