//! What is printed of libraries that are opened later, of -f, and of what is made.

use super::demand::opener;
use super::{files_in, library, rootfs};
use hc_tests::{Cmd, Dir, Host, can_make_hosts, require};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

#[test]
fn the_tree_says_on_what_occasion_a_library_is_opened() {
    let dir = Dir::new();
    let path = dir.path().display();
    opener(&dir, &[r#"[{"feature": "r", "soname": ["libr.so"]}]"#]);
    library(&dir, "r/libn.so", "", "-soname libn.so");
    library(&dir, "r/libg.so", "", "-soname libg.so");
    let runpath = format!("--enable-new-dtags -rpath {path}/r");
    library(&dir, "r/libr.so", "r/libn.so r/libg.so", &format!("-soname libr.so {runpath}"));
    library(&dir, "r/glibc-hwcaps/x86-64-v9/libn.so", "r/libg.so", &format!("-soname libn.so {runpath}"));
    library(&dir, "g/libg.so", "", "-soname libg.so");
    let output = Cmd::tool("hc-rootfs")
        .args(["-L", "g", "--tree", "./p"])
        .dir(dir.path())
        .as_nobody()
        .run()
        .ok()
        .quiet();
    let expected = format!(
        "    libr.so => {path}/r/libr.so [dlopen]
        libn.so => {path}/r/libn.so [runpath]
        libn.so => {path}/r/glibc-hwcaps/x86-64-v9/libn.so [variant]
            libg.so => {path}/g/libg.so [library-path]
        libg.so => {path}/g/libg.so [library-path] (above)\n"
    );
    assert!(output.text().ends_with(&expected), "{output:?}");
    // Told not to be opened, it is not there.
    let none = Cmd::tool("hc-rootfs").args(["--dlopen=none", "--tree", "./p"]).dir(dir.path()).run().ok();
    assert!(!none.text().contains("libr.so"), "{none:?}");
}

#[test]
fn the_tree_says_what_is_opened_for_names() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (dir, host) = (Dir::new(), Host::new());
    library(&dir, "libnss_hctest.so.2", "", "-soname libnss_hctest.so.2");
    let script = "cp libnss_hctest.so.2 /usr/lib/x86_64-linux-gnu/; ldconfig
                  echo 'passwd: files hctest' >/etc/nsswitch.conf
                  hc-rootfs --nss --tree /usr/bin/id | sed -n 's/^ *//; /hctest\\|nsswitch/p'";
    Cmd::sh(script).dir(dir.path()).on(&host).run().ok().quiet().says(
        "libnss_hctest.so.2 => /lib/x86_64-linux-gnu/libnss_hctest.so.2 [nss]\n/etc/nsswitch.conf [config]\n",
    );
}

/// Each file of what `hc-rootfs --json OPTIONS` prints: its name, and by whom and how it was found.
fn found(options: &[&str]) -> Vec<(String, Vec<(String, String)>)> {
    let output = Cmd::tool("hc-rootfs").arg("--json").args(options).as_nobody().run().ok().quiet();
    let object: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let needs = |needs: &Value| {
        let needs = needs.as_array().expect("an array").iter();
        needs.map(|need| (text(&need["file"]), text(&need["found"]))).collect()
    };
    let files = object["files"].as_array().expect("an array").iter();
    files.map(|file| (text(&file["name"]), needs(&file["needed_by"]))).collect()
}

#[test]
fn the_object_says_what_the_c_library_opens_and_reads() {
    let files = found(&["--gconv", "--nss", "--locale=C.UTF-8", "/usr/bin/echo", "python3"]);
    let libc = "/lib/x86_64-linux-gnu/libc.so.6".to_owned();
    let is_needed = |end: &str, file: &str, how: &str| {
        let needs = files.iter().filter(|(name, _)| name.ends_with(end)).flat_map(|(_, needs)| needs);
        needs.into_iter().any(|need| *need == (file.to_owned(), how.to_owned()))
    };
    assert!(is_needed("/gconv/ISO8859-1.so", &libc, "gconv"), "{files:?}");
    assert!(is_needed("/gconv/gconv-modules", "/usr/bin/echo", "config"), "{files:?}");
    assert!(is_needed("/libgcc_s.so.1", &libc, "libgcc"), "{files:?}");
    let alone = files.iter().filter(|(_, needs)| needs.is_empty());
    let alone: BTreeSet<&str> = alone.map(|(name, _)| name.as_str()).collect();
    let locale = |name: &&&str| name.starts_with("/usr/lib/locale/");
    assert!(alone.iter().any(|name| locale(&name)), "{alone:?}");
    let programs = alone.iter().filter(|name| !locale(name)).count();
    assert_eq!(programs, 2, "{alone:?}");
    let tree = Cmd::tool("hc-rootfs").args(["--tree", "--locale=C.UTF-8", "echo"]).run().ok().quiet();
    let roots = tree.text().lines().filter(|line| !line.starts_with(' '));
    assert!(
        roots.eq(alone.iter().filter(|name| !name.contains("python")).map(|name| {
            let last: &&str = name;
            *last
        })),
        "{tree:?}"
    );
}

/// A tree with a file, a link to it, one that leads out to another file, and an empty directory.
fn tree(dir: &Dir) {
    dir.file("t/a/f", "f");
    dir.file("out", "out");
    dir.directory("t/empty");
    symlink("a/f", dir.join("t/l")).unwrap();
    symlink("../out", dir.join("t/o")).unwrap();
}

#[test]
fn the_list_has_trees_and_files_that_were_asked_for() {
    let dir = Dir::new();
    tree(&dir);
    let path = dir.path().display();
    let arguments = format!("-f t -f {path}/out:{path}/out echo");
    let copy = format!("hc-rootfs -f t -f {path}/out:{path}/out box echo");
    Cmd::sh(copy).dir(dir.path()).run().ok().quiet();
    let find = |options: &str| {
        let find = format!("cd box && find . -mindepth 1 {options} -printf '%P %y %l\\n' | sort");
        Cmd::sh(find).dir(dir.path()).run().ok().quiet().text().to_owned()
    };
    for (option, directories) in [("", "! -type d"), ("--directories", "")] {
        let expected = find(directories);
        fs::rename(dir.join("box"), dir.join("old")).unwrap();
        let list = format!("hc-rootfs -l0 {option} {arguments} | rsync -lpt --from0 --files-from=- / box");
        Cmd::sh(list).dir(dir.path()).run().ok().quiet();
        assert_eq!(find(directories), expected, "{option}");
        fs::remove_dir_all(dir.join("box")).unwrap();
        fs::rename(dir.join("old"), dir.join("box")).unwrap();
    }
    Cmd::line(["mkfifo", "t/fifo"]).dir(dir.path()).run().ok();
    let output = Cmd::tool("hc-rootfs").args(["-l", "-f", "t"]).dir(dir.path()).run().ok();
    let note = format!("hc-rootfs: {path}/t/fifo: note: is a FIFO and is not copied\n");
    assert_eq!(String::from_utf8_lossy(&output.stderr), note);
}

#[test]
fn a_dry_run_names_what_is_made_and_what_gets_another_name() {
    let dir = Dir::of_nobody();
    tree(&dir);
    let run = |options: &[&str]| {
        let options = [options, &["--etc", "-f", "t:/new", "-f", "out:/etc/group", "box", "echo"]].concat();
        let output = Cmd::tool("hc-rootfs").args(&options).dir(dir.path()).as_nobody().run().ok();
        output.text().lines().map(PathBuf::from).collect::<BTreeSet<_>>()
    };
    let named = run(&["-n"]);
    assert!(!dir.join("box").exists());
    assert!(named.contains(&PathBuf::from("/new/a/f")) && named.contains(&PathBuf::from("/etc/group")));
    run(&[]);
    assert_eq!(named, files_in(&dir.join("box")));
    assert!(run(&["-n"]).is_empty());
    fs::remove_file(dir.join("box/etc/passwd")).unwrap();
    fs::remove_file(dir.join("box/new/a/f")).unwrap();
    let expected = ["/etc/passwd", "/new/a/f"].map(PathBuf::from);
    assert_eq!(run(&["-n"]), BTreeSet::from(expected));
    rootfs(&dir).arg("echo").as_nobody().run().ok().quiet();
}
