//! Programs that are broken or too much: refused, with nothing left.

use super::{library, program, rootfs};
use hc_tests::{Dir, Ended};
use std::fs;

/// Numbers that look like chance, the same in every run (xorshift).
fn numbers(mut state: u64) -> impl FnMut(usize) -> usize {
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).expect("a usize")
    }
}

#[test]
fn mutated_programs_and_libraries_do_no_harm() {
    let dir = Dir::new();
    library(&dir, "liba.so", "", "-soname liba.so");
    program(&dir, "p", "liba.so", &format!("-Wl,-rpath,{}", dir.path().display()));
    let (good, library) = (fs::read(dir.join("p")).unwrap(), fs::read(dir.join("liba.so")).unwrap());
    let text = String::from_utf8_lossy(&good).find("liba.so").expect("its name");
    let mut number = numbers(0x5eed);
    let (mut refused, mut copied) = (0, 0);
    for round in 0..100 {
        let of_library = round % 3 == 0;
        let mut bad = if of_library { library.clone() } else { good.clone() };
        let end = bad.len();
        for _ in 0..=number(4) {
            // The headers, the names, the dynamic section, or anywhere.
            let at = match number(4) {
                0 => number(64 + 13 * 56),
                1 => number(64),
                2 => (text + number(200)).saturating_sub(100),
                _ => number(end),
            };
            bad[at.min(end - 1)] = [0, 1, 0x7f, 0x80, 0xff, 0x41][number(6)];
        }
        if number(5) == 0 {
            bad.truncate(number(end));
        }
        dir.program("p", if of_library { &good } else { &bad });
        dir.program("liba.so", if of_library { &bad } else { &library });
        let output = rootfs(&dir).arg("./p").run();
        if output.ended == Ended::Exit(0) {
            copied += 1;
            fs::remove_dir_all(dir.join("box")).unwrap();
        } else {
            output.fails("hc-rootfs", 125);
            refused += 1;
        }
        assert!(!dir.join("box").exists());
    }
    assert!(refused > 10 && copied > 10, "{refused} refused, {copied} copied: not much of a test");
}

#[test]
fn a_program_with_more_places_to_look_at_than_anybody_waits_for_is_refused() {
    let dir = Dir::new();
    let libraries: Vec<String> = (0..10).map(|number| format!("n{number}.so")).collect();
    for name in &libraries {
        library(&dir, name, "", "");
    }
    dir.file("rpath", format!("-rpath {}\n", "/:".repeat(60_000)));
    program(&dir, "p", &libraries.join(" "), "-Wl,@rpath");
    let message = rootfs(&dir).arg("./p").run().fails("hc-rootfs", 125);
    assert!(message.ends_with(" is one of more than 262144 places to look at"), "{message}");
}
