use super::*;

fn parsed(words: &[&str]) -> Result<Plan> {
    traced(words).0
}

fn traced(words: &[&str]) -> (Result<Plan>, String) {
    let environ = [c"A=1 2".to_owned()].into_iter().collect();
    let mut trace = Trace::default();
    let args = Args::new(words.iter().map(OsString::from).collect::<Vec<_>>());
    let plan = parse(args, &environ, &mut trace);
    (plan, trace.text())
}

fn error(words: &[&str]) -> String {
    parsed(words).unwrap_err().render("hc-env", hc::Manner::Coreutils)
}

/// A message about the command line, with what follows it.
fn usage(message: &str) -> String {
    format!("hc-env: {message}\nTry 'hc-env --help' for more information.\n")
}

fn execution(words: &[&str]) -> Execution {
    match parsed(words).unwrap().action {
        Action::Execute(execution) => execution,
        Action::Print { end } => panic!("{words:?} prints with {end}"),
    }
}

/// The command line of NEXT.
fn command(words: &[&str]) -> Vec<String> {
    let Execution { program, arguments, .. } = execution(words);
    std::iter::once(program).chain(arguments).map(|word| word.into_string().unwrap()).collect()
}

fn named(names: &[&str]) -> Vec<Vec<u8>> {
    names.iter().map(|name| name.as_bytes().to_vec()).collect()
}

#[test]
fn assignments_end_at_the_command() {
    let words = ["-i", "A=1", "=x", "cmd", "B=2", "-i"];
    let changes = parsed(&words).unwrap().changes;
    assert_eq!(changes.start, Start::Kept(Vec::new()));
    assert_eq!(changes.assignments, [c"A=1".to_owned(), c"=x".to_owned()]);
    assert_eq!(command(&words), ["cmd", "B=2", "-i"]);
}

#[test]
fn a_lone_dash_clears_once_and_also_after_two() {
    for words in [&["-", "-"][..], &["--", "-", "-"]] {
        assert!(parsed(words).unwrap().changes.start.is_empty());
        assert_eq!(command(words), ["-"]);
    }
}

#[test]
fn an_option_after_an_assignment_is_the_command() {
    assert_eq!(command(&["A=1", "-u"]), ["-u"]);
}

#[test]
fn split_strings_are_options_and_operands_as_if_given() {
    let words = ["-S", "-i -u X A=1", "-S", "cmd a", "b"];
    let plan = parsed(&words).unwrap();
    assert_eq!(plan.changes.assignments, [c"A=1".to_owned()]);
    // After an assignment -S is the command.
    assert_eq!(command(&words), ["-S", "cmd a", "b"]);
    assert_eq!(command(&["-iS-u", "X", "--split-string=cmd ${A}", "b"]), ["cmd", "1 2", "b"]);
    assert_eq!(command(&["-S-S'cmd -S'", "x"]), ["cmd", "-S", "x"]);
    assert_eq!(command(&["-S-- -i"]), ["-i"]);
}

#[test]
fn the_last_directory_and_name_count() {
    let Execution { directory, argv0, .. } = execution(&["-a", "x", "-C/", "--argv0=y", "-C", "a", "cmd"]);
    assert_eq!((directory, argv0), (Some("a".into()), Some("y".into())));
}

#[test]
fn names_to_unset_are_checked_unless_nothing_is_left() {
    for (words, name) in [(&["-ua=b"][..], "a=b"), (&["--unset="], ""), (&["-i", "--keep=x", "-ua=b"], "a=b")]
    {
        // The quotes are those of the locale in which the tests run.
        let error = error(words);
        assert!(error.starts_with("hc-env: cannot unset ") && error.contains(name), "{error}");
        assert!(error.ends_with(": Invalid argument\n"), "{error}");
    }
    assert_eq!(parsed(&["-ua=b", "-i"]).unwrap().changes.unset, named(&[]));
    assert_eq!(parsed(&["--uns", "A", "-0", "-uB"]).unwrap().changes.unset, named(&["A", "B"]));
}

#[test]
fn printing_and_running_exclude_each_other_s_options() {
    assert_eq!(parsed(&["-0"]).unwrap().action, Action::Print { end: 0 });
    assert_eq!(error(&["-0", "cmd"]), usage("cannot specify --null (-0) with command"));
    assert_eq!(error(&["-C", "/", "A=1"]), usage("must specify command with --chdir (-C)"));
    assert_eq!(error(&["-ax", "-C/"]), usage("must specify command with --chdir (-C)"));
    assert_eq!(error(&["-ax"]), usage("must specify command with --argv0 (-a)"));
    assert_eq!(error(&["--keep=A"]), usage("must specify --ignore-environment (-i) with --keep"));
}

#[test]
fn white_space_for_an_option_is_a_line_of_a_script() {
    for (word, letter) in [("-i cmd", " "), ("-\tx", "\\t"), ("-v\u{b}", "\\x0b")] {
        let lines = format!("hc-env: invalid option -- '{letter}'\nhc-env: {SHEBANG_HINT}\n");
        let lines = format!("{lines}Try 'hc-env --help' for more information.\n");
        assert_eq!(error(&[word]), lines);
    }
}

#[test]
fn our_own_options_do_not_change_the_meaning_of_the_original_s() {
    assert_eq!(command(&["--s", "cmd"]), ["cmd"]);
    let files = parsed(&["--e=a", "--env-f", "b"]).unwrap().files;
    assert_eq!(files, [Source::Env0("a".into()), Source::EnvFile("b".into())]);
}

#[test]
fn what_is_told_is_told_in_the_order_of_the_work() {
    let (plan, trace) = traced(&["-S", "-u X", "-viSB=${A}", "C=3", "cmd"]);
    plan.unwrap();
    // The quotes are those of the locale in which the tests run.
    let plain: Vec<String> = trace.lines().map(|line| line.replace(['‘', '’'], "'")).collect();
    let expected = ["expanding ${A} into '1 2'", "split -S:  'B=${A}'", " into:    'B=1 2'"];
    assert_eq!(plain, expected);
    let (plan, trace) = traced(&["-vi", "--keep=A", "--scrub", "--env0-from=f", "-uB", "-u", "", "C=3"]);
    assert!(plan.is_err());
    assert_eq!(trace, "cleaning environ\nkeep:     A\nscrubbing environ\nunset:    B\nunset:    \n");
    let (plan, trace) = traced(&["-v0", "-uB", "C=3", "D=", "cmd"]);
    assert!(plan.is_err());
    assert_eq!(trace, "unset:    B\nsetenv:   C=3\nsetenv:   D=\n");
}

#[test]
fn the_last_env0_file_counts_and_every_env_file() {
    let words = ["--env0-from=a", "--env-file=b", "--env0-from=c", "--env-file=d"];
    let expected = [Source::EnvFile("b".into()), Source::Env0("c".into()), Source::EnvFile("d".into())];
    assert_eq!(parsed(&words).unwrap().files, expected);
}
