//! Lines of several machines, and of none.

use super::*;

const HYBRID: &str = "\
23 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 master:2 - cgroup cgroup rw,memory
33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd
41 31 0:38 /../.. /a\\040b\\134 rw,relatime - cgroup2 cgroup2 rw,nsdelegate
";
const OWN: &str = "\
9:name=systemd:/init.scope
8:cpu,cpuacct:/
4:memory:/process_api/a:b
0::/../x y
";

fn names(names: &[&str]) -> Vec<OsString> {
    names.iter().map(OsString::from).collect()
}

#[test]
fn hierarchies_are_found_by_controller() {
    let table = Table::parse(HYBRID.as_bytes(), OWN.as_bytes());
    let points: Vec<&str> = table.mounts.iter().map(|mount| mount.point.to_str().unwrap()).collect();
    let expected =
        ["/sys/fs/cgroup/memory", "/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup/systemd", "/a b\\"];
    assert_eq!(points, expected);
    let [memory, cpu, systemd, unified] = table.mounts.as_slice() else { panic!() };
    assert!(memory.has("memory") && cpu.has("cpuacct") && cpu.has("cpu") && !cpu.has("memory"));
    assert!(!unified.has("nsdelegate"));
    assert_eq!((unified.version, unified.device), (Version::Two, (0, 38)));
    assert_eq!(unified.root, Seen { up: 2, names: Vec::new() });
    let own = |mount| table.own(mount).unwrap();
    assert_eq!(*own(memory), Seen { up: 0, names: names(&["process_api", "a:b"]) });
    assert_eq!(*own(cpu), Seen::default());
    assert_eq!(*own(unified), Seen { up: 1, names: names(&["x y"]) });
    assert_eq!(own(systemd).names, names(&["init.scope"]));
    assert_eq!(table.first_version().collect::<Vec<_>>(), ["cpu", "memory"]);
}

#[test]
fn lines_that_are_none_are_passed_over() {
    let mounts: [&[u8]; 9] = [
        b"",
        b"35",
        b"35 31 0:32 / /x rw - cgroup",
        b"35 31 0:32 / /x rw - cgroup cgroup",
        b"35 31 032 / /x rw - cgroup cgroup rw",
        b"35 31 0:x / /x rw - cgroup cgroup rw",
        b"35 31 \xff:1 / /x rw - cgroup cgroup rw",
        b"35 31 0:32 / /x rw cgroup cgroup rw",
        b"35 31 99999999999999999999:1 / /x rw - cgroup2 cgroup rw",
    ];
    let own: [&[u8]; 6] = [b"", b"0", b"0:", b"0::", b"0::x", b"1:\xff:/"];
    for line in mounts {
        assert_eq!(Table::parse(line, b"").mounts, [], "{}", line.escape_ascii());
    }
    for line in own {
        assert_eq!(Table::parse(b"", line).memberships, [], "{}", line.escape_ascii());
    }
}

#[test]
fn names_may_be_odd() {
    let seen = |path: &[u8]| Seen::parse(path);
    assert_eq!(seen(b"/"), Seen::default());
    assert_eq!(seen(b"/../../a"), Seen { up: 2, names: names(&["a"]) });
    // Not at the beginning it is no way up, but a name that no directory has.
    assert_eq!(seen(b"/a/../b"), Seen { up: 0, names: names(&["a", "..", "b"]) });
    assert_eq!(seen(b"/a\xff").names, [OsStr::from_bytes(b"a\xff")]);
    assert_eq!(unescaped(b"\\040\\9\\04\\777\\"), b" \\9\\04\\777\\");
}
