//! What the filter lets through, call by call.

use super::bpf::{Assembler, Field};
use super::calls::{ALL, Call};
use super::filter::{ARCH_I386, ARCH_X86_64, compile, version};
use super::instructions;
use super::machine::{Data, run};
use crate::capabilities as cap;
use std::collections::BTreeMap;
use std::ffi::OsStr;

const ALLOW: u32 = 0x7fff_0000;
const EPERM: u32 = 0x0005_0001;
const ENOSYS: u32 = 0x0005_0026;
const KILL: u32 = 0x8000_0000;
const NOW: (u32, u32) = (6, 1);

/// An architecture, its numbers, and its header.
type Architecture = (u32, fn(Call) -> Option<u16>, &'static str);

const ARCHITECTURES: [Architecture; 2] =
    [(ARCH_X86_64, |call| call.x86_64, "64"), (ARCH_I386, |call| call.i386, "32")];

/// What is not allowed to a process without capabilities, but to some others; names with a space around each.
const CONDITIONAL: [(u64, &str); 14] = [
    (cap::DAC_READ_SEARCH, " open_by_handle_at "),
    (
        cap::SYS_ADMIN,
        " bpf clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr lsm_list_modules \
         lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open quotactl quotactl_fd \
         setdomainname sethostname setns syslog umount umount2 unshare ",
    ),
    (cap::SYS_BOOT, " reboot "),
    (cap::SYS_CHROOT, " chroot "),
    (cap::SYS_MODULE, " delete_module finit_module init_module "),
    (cap::SYS_PACCT, " acct "),
    (cap::SYS_PTRACE, " kcmp pidfd_getfd process_madvise "),
    (cap::SYS_RAWIO, " ioperm iopl "),
    (cap::SYS_TIME, " clock_settime clock_settime64 settimeofday stime "),
    (cap::SYS_TTY_CONFIG, " vhangup "),
    (cap::SYS_NICE, " get_mempolicy mbind set_mempolicy set_mempolicy_home_node "),
    (cap::SYSLOG, " syslog "),
    (cap::BPF, " bpf "),
    (cap::PERFMON, " perf_event_open "),
];

/// Whether one of these capabilities lets `name` through, of which some do.
fn brings(capabilities: u64, name: &str) -> bool {
    let name = format!(" {name} ");
    CONDITIONAL.iter().any(|(capability, names)| capability & capabilities != 0 && names.contains(&name))
}

/// The calls of an architecture, as the kernel's header for programs has them.
fn header(bits: &str) -> BTreeMap<String, u32> {
    let file = format!("/usr/include/x86_64-linux-gnu/asm/unistd_{bits}.h");
    let text =
        std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}, of linux-libc-dev: {error}"));
    let define = |line: &str| {
        let (name, number) = line.strip_prefix("#define __NR_")?.split_once(' ')?;
        Some((name.to_owned(), number.trim().parse().ok()?))
    };
    text.lines().filter_map(define).collect()
}

fn data(architecture: u32, number: u32, arguments: [u64; 6]) -> Data {
    Data { number, architecture, arguments }
}

/// The verdict on a call by name, which exists for that architecture.
fn verdict(capabilities: u64, architecture: u32, name: &str, arguments: [u64; 6]) -> u32 {
    let (_, call) = ALL.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("{name}"));
    let number = if architecture == ARCH_X86_64 { call.x86_64 } else { call.i386 };
    let number = number.unwrap_or_else(|| panic!("{name}: not there")).into();
    run(&compile(capabilities, NOW), data(architecture, number, arguments)).0
}

#[test]
fn the_numbers_are_the_kernel_s() {
    for (_, number, bits) in ARCHITECTURES {
        let header = header(bits);
        let newest = *header.values().max().unwrap();
        for (name, call) in ALL {
            match (header.get(*name), number(*call).map(u32::from)) {
                // 335 stood empty for long.
                (None, Some(number)) => assert!(number > newest || *name == "uretprobe", "{name} {number}"),
                (known, ours) => assert_eq!(known.copied(), ours, "{name}"),
            }
        }
    }
}

#[test]
fn every_number_has_its_verdict_in_few_steps() {
    let program = compile(0, NOW);
    for (architecture, number, _) in ARCHITECTURES {
        let names: BTreeMap<u32, &str> =
            ALL.iter().filter_map(|(name, call)| Some((number(*call)?.into(), *name))).collect();
        let mut most = 0;
        for number in
            (0..2000).chain([0x3fff_ffff, 0x4000_0000, 0x4000_0001, 0x7fff_ffff, 0x8000_0000, u32::MAX])
        {
            let (verdict, steps) = run(&program, data(architecture, number, [0; 6]));
            let expected = match names.get(&number) {
                _ if number > 466 => ENOSYS,
                None => EPERM,
                Some(&"clone3") => ENOSYS,
                Some(name) if brings(u64::MAX, name) => EPERM,
                Some(_) => ALLOW,
            };
            assert_eq!(verdict, expected, "{number} {:?}", names.get(&number));
            most = most.max(steps);
        }
        assert!(most <= 20, "{most} steps");
    }
    assert!(program.len() < 300, "{} instructions", program.len());
}

#[test]
fn what_has_no_rule_is_refused_by_name() {
    let program = compile(u64::MAX, NOW);
    for (architecture, _, bits) in ARCHITECTURES {
        let header = header(bits);
        for name in [
            "add_key",
            "create_module",
            "get_kernel_syms",
            "io_uring_enter",
            "io_uring_register",
            "io_uring_setup",
            "kexec_file_load",
            "kexec_load",
            "keyctl",
            "migrate_pages",
            "move_pages",
            "nfsservctl",
            "pivot_root",
            "query_module",
            "request_key",
            "swapoff",
            "swapon",
            "sysfs",
            "_sysctl",
            "uselib",
            "userfaultfd",
            "ustat",
            "vm86",
            "vm86old",
        ] {
            let Some(number) = header.get(name) else { continue };
            assert_eq!(run(&program, data(architecture, *number, [0; 6])).0, EPERM, "{name} {bits}");
        }
    }
    assert!(header("64").contains_key("kexec_file_load") && header("32").contains_key("vm86"));
}

#[test]
fn a_capability_that_is_left_brings_its_calls() {
    for capabilities in CONDITIONAL.iter().flat_map(|(capability, _)| [*capability, !capability]) {
        let program = compile(capabilities, NOW);
        for (architecture, number, bits) in ARCHITECTURES {
            for (name, call) in ALL {
                let Some(number) = number(*call) else { continue };
                let (verdict, _) = run(&program, data(architecture, number.into(), [0; 6]));
                let expected = brings(capabilities, name) || !brings(u64::MAX, name);
                assert_eq!(verdict == ALLOW, expected, "{name} {bits} {capabilities:#x}");
            }
        }
    }
    for (architecture, ..) in ARCHITECTURES {
        let namespaces = [0x1000_0000, 0, 0, 0, 0, 0];
        assert_eq!(verdict(cap::SYS_ADMIN, architecture, "clone", namespaces), ALLOW);
        assert_eq!(verdict(!cap::SYS_ADMIN, architecture, "clone", namespaces), EPERM);
        assert_eq!(verdict(!cap::SYS_ADMIN, architecture, "clone3", [0; 6]), ENOSYS);
    }
}

#[test]
fn arguments_are_looked_at_as_the_kernel_does_with_their_lower_half() {
    let families: Vec<u64> =
        [0..12, 13..19, 21..23, 24..25, 26..34, 35..37, 39..40, 41..46].into_iter().flatten().collect();
    for (architecture, ..) in ARCHITECTURES {
        for above in [0, 1 << 32, 0xffff_ffff << 32] {
            let of = |name: &str, at: usize, value: u64| {
                let mut arguments = [0; 6];
                arguments[at] = above | value;
                verdict(0, architecture, name, arguments)
            };
            for family in (0..100).chain([0xffff_ffff]) {
                let expected = if families.contains(&family) { ALLOW } else { EPERM };
                assert_eq!(of("socket", 0, family), expected, "family {family}");
            }
            for value in [0, 8, 0x2_0000, 0x2_0008, 0xffff_ffff] {
                assert_eq!(of("personality", 0, value), ALLOW, "{value:#x}");
                assert_eq!(of("personality", 0, value ^ 0x4_0000), EPERM, "{value:#x} and no randomization");
            }
            // TIOCSTI, TIOCLINUX; their neighbours; TCGETS, FIONREAD.
            for (request, expected) in [
                (0x5412, EPERM),
                (0x541c, EPERM),
                (0x5411, ALLOW),
                (0x5413, ALLOW),
                (0x541b, ALLOW),
                (0x541d, ALLOW),
                (0x5401, ALLOW),
                (0, ALLOW),
                (0xffff_ffff, ALLOW),
            ] {
                assert_eq!(of("ioctl", 1, request), expected, "{request:#x}");
            }
            for (flag, expected) in [
                (0x0002_0000, EPERM),
                (0x0200_0000, EPERM),
                (0x0400_0000, EPERM),
                (0x0800_0000, EPERM),
                (0x1000_0000, EPERM),
                (0x2000_0000, EPERM),
                (0x4000_0000, EPERM),
                (0x8000_0000, ALLOW),
                (0x11, ALLOW),
                (0x003d_0f00, ALLOW),
                (0x0120_0011, ALLOW),
            ] {
                assert_eq!(of("clone", 0, flag), expected, "{flag:#x}");
            }
        }
    }
}

#[test]
fn a_tracer_can_get_round_a_filter_before_linux_4_8() {
    for (kernel, capabilities, expected) in
        [((4, 7), 0, EPERM), ((4, 8), 0, ALLOW), ((3, 19), cap::SYS_PTRACE, ALLOW), ((6, 0), 0, ALLOW)]
    {
        let program = compile(capabilities, kernel);
        // ptrace, process_vm_readv, process_vm_writev.
        for (architecture, numbers) in [(ARCH_X86_64, [101, 310, 311]), (ARCH_I386, [26, 347, 348])] {
            for number in numbers {
                assert_eq!(
                    run(&program, data(architecture, number, [0; 6])).0,
                    expected,
                    "{kernel:?} {number}"
                );
            }
        }
    }
    for (release, expected) in [
        ("6.18.44-x", (6, 18)),
        ("4.8", (4, 8)),
        ("10.0-rc1", (10, 0)),
        ("", (0, 0)),
        ("x.y", (0, 0)),
        ("5-z", (5, 0)),
    ] {
        assert_eq!(version(OsStr::new(release)), expected, "{release}");
    }
}

#[test]
fn no_call_of_another_architecture_passes() {
    let program = compile(u64::MAX, NOW);
    // That of arm64, ppc64le, i386 with another byte order; none.
    for architecture in [0xc000_00b7, 0xc000_0015, 0x0000_0003, 0] {
        assert_eq!(run(&program, data(architecture, 0, [0; 6])).0, KILL, "{architecture:#x}");
    }
}

#[test]
fn jumps_go_further_than_a_byte_says() {
    let mut program = Assembler::default();
    let ranges: Vec<_> = (0..1000).map(|number| (number * 3, program.end(number))).collect();
    let found = program.search(&ranges).unwrap();
    let start = program.load(Field::Argument(5), found);
    let program = program.finish(start);
    for value in 0..3000 {
        let (verdict, steps) = run(&program, data(0, 0, [9, 9, 9, 9, 9, value]));
        assert_eq!(u64::from(verdict), value / 3);
        assert!(steps <= 22, "{steps} steps");
    }
}

#[test]
fn a_file_is_a_filter_if_it_has_whole_instructions() {
    let bytes = [0x06, 0, 1, 2, 0, 0, 0xff, 0x7f];
    let program = instructions(&bytes).unwrap();
    let [one] = program.as_slice() else { panic!("{} instructions", program.len()) };
    assert_eq!((one.code, one.jt, one.jf, one.k), (6, 1, 2, 0x7fff_0000));
    assert_eq!(instructions(&bytes.repeat(4096)).unwrap().len(), 4096);
    for (bytes, reason) in [
        (Vec::new(), "the file is empty"),
        (bytes[1..].to_vec(), "7 bytes are no compiled filter: it has 8 an instruction"),
        (bytes.repeat(4097), "more than 4096 instructions, the most that the kernel takes"),
        (
            [&bytes.repeat(4096)[..], b"x"].concat(),
            "more than 4096 instructions, the most that the kernel takes",
        ),
    ] {
        assert_eq!(instructions(&bytes).unwrap_err(), reason);
    }
}
