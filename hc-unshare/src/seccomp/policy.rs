//! What the default filter lets through: as much as the default profile of docker does (moby's
//! `seccomp/default_linux.go`), for the same capabilities. Three things are different, each to the safer side: arguments
//! that the kernel takes for 32 bits are compared as 32 bits, x32 is refused, and ioctl(2) is looked into. Pure.

use super::calls as call;
use super::calls::Call;
use crate::capabilities as cap;

/// What happens to a system call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Allow,
    /// EPERM: it is known, and not to be had.
    Refuse,
    /// ENOSYS: the caller is to try something else, as on an older kernel.
    Missing,
    /// Allowed if this argument, the lower half of it, is in one of the ranges from first to last; else refused.
    Within(u8, &'static [(u32, u32)]),
    /// Allowed if this argument has none of these bits; else refused.
    Without(u8, u32),
    /// Allowed from this version of Linux on; before, refused.
    Since(u32, u32),
}

/// What is allowed for its capabilities, and what happens otherwise.
#[derive(Clone, Copy)]
pub(super) struct Rule {
    /// Each of them is enough.
    pub(super) with: u64,
    pub(super) otherwise: Verdict,
}

macro_rules! list {
    ($($name:ident)*) => {
        &[$(call::$name),*]
    };
}

/// Without a condition.
const ALWAYS: &[Call] = list! {
    accept accept4 access adjtimex alarm arch_prctl bind brk cachestat capget capset chdir chmod chown
    chown32 clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64
    clock_nanosleep clock_nanosleep_time64 close close_range connect copy_file_range creat dup dup2 dup3
    epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old
    eventfd eventfd2 execve execveat exit exit_group faccessat faccessat2 fadvise64 fadvise64_64 fallocate
    fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync
    fgetxattr flistxattr flock fork fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync
    ftruncate ftruncate64 futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake futimesat
    get_robust_list get_thread_area getcpu getcwd getdents getdents64 getegid getegid32 geteuid geteuid32
    getgid getgid32 getgroups getgroups32 getitimer getpeername getpgid getpgrp getpid getppid getpriority
    getrandom getresgid getresgid32 getresuid getresuid32 getrlimit getrusage getsid getsockname getsockopt
    gettid gettimeofday getuid getuid32 getxattr getxattrat inotify_add_watch inotify_init inotify_init1
    inotify_rm_watch io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit
    ioprio_get ioprio_set ipc kill landlock_add_rule landlock_create_ruleset landlock_restrict_self lchown
    lchown32 lgetxattr link linkat listen listmount listxattr listxattrat llistxattr _llseek lremovexattr
    lseek lsetxattr lstat lstat64 madvise map_shadow_stack membarrier memfd_create memfd_secret mincore
    mkdir mkdirat mknod mknodat mlock mlock2 mlockall mmap mmap2 modify_ldt mprotect mq_getsetattr mq_notify
    mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink mremap mseal
    msgctl msgget msgrcv msgsnd msync munlock munlockall munmap name_to_handle_at nanosleep newfstatat
    _newselect open openat openat2 pause pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc pkey_free
    pkey_mprotect poll ppoll ppoll_time64 prctl pread64 preadv preadv2 prlimit64 process_mrelease pselect6
    pselect6_time64 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv recvfrom recvmmsg
    recvmmsg_time64 recvmsg remap_file_pages removexattr removexattrat rename renameat renameat2
    restart_syscall rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn
    rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sched_get_priority_max
    sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler
    sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam
    sched_setscheduler sched_yield seccomp select semctl semget semop semtimedop semtimedop_time64 sendfile
    sendfile64 sendmmsg sendmsg sendto set_robust_list set_thread_area set_tid_address setfsgid setfsgid32
    setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setitimer setpgid setpriority setregid
    setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setrlimit setsid setsockopt
    setuid setuid32 setxattr setxattrat shmat shmctl shmdt shmget shutdown sigaltstack signalfd signalfd4
    sigprocmask sigreturn socketcall socketpair splice stat stat64 statfs statfs64 statmount statx symlink
    symlinkat sync sync_file_range syncfs sysinfo tee tgkill time timer_create timer_delete timer_getoverrun
    timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime
    timerfd_gettime64 timerfd_settime timerfd_settime64 times tkill truncate truncate64 ugetrlimit umask
    uname unlink unlinkat uretprobe utime utimensat utimensat_time64 utimes vfork vmsplice wait4 waitid
    waitpid write writev
};

/// With a capability.
const WITH: &[(u64, &[Call])] = &[
    (cap::DAC_READ_SEARCH, list! { open_by_handle_at }),
    (
        cap::SYS_ADMIN,
        list! {
            bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr
            lsm_list_modules lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open
            quotactl quotactl_fd setdomainname sethostname setns syslog umount umount2 unshare
        },
    ),
    (cap::SYS_BOOT, list! { reboot }),
    (cap::SYS_CHROOT, list! { chroot }),
    (cap::SYS_MODULE, list! { delete_module init_module finit_module }),
    (cap::SYS_PACCT, list! { acct }),
    (
        cap::SYS_PTRACE,
        list! {
            kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace
        },
    ),
    (cap::SYS_RAWIO, list! { iopl ioperm }),
    (cap::SYS_TIME, list! { settimeofday stime clock_settime clock_settime64 }),
    (cap::SYS_TTY_CONFIG, list! { vhangup }),
    (cap::SYS_NICE, list! { get_mempolicy mbind set_mempolicy set_mempolicy_home_node }),
    (cap::SYSLOG, list! { syslog }),
    (cap::BPF, list! { bpf }),
    (cap::PERFMON, list! { perf_event_open }),
];

/// Otherwise refused, but not all of it.
const PARTLY: &[(Call, Verdict)] = &[
    (call::socket, Verdict::Within(0, FAMILIES)),
    (call::personality, Verdict::Within(0, PERSONALITIES)),
    (call::ioctl, Verdict::Within(1, REQUESTS)),
    (call::clone, Verdict::Without(0, NAMESPACES)),
    // Its flags are in memory, where a filter cannot see them; the C library falls back to clone.
    (call::clone3, Verdict::Missing),
    // Before that a tracer could get round a filter.
    (call::process_vm_readv, Verdict::Since(4, 8)),
    (call::process_vm_writev, Verdict::Since(4, 8)),
    (call::ptrace, Verdict::Since(4, 8)),
];

/// The address families that Linux has, without `AF_ALG`, `AF_VSOCK` and those that it had once.
const FAMILIES: &[(u32, u32)] =
    &[(0, 11), (13, 18), (21, 22), (24, 24), (26, 33), (35, 36), (39, 39), (41, 45)];

/// `PER_LINUX` and `PER_LINUX32`, also with `UNAME26`, and the question which one it is.
const PERSONALITIES: &[(u32, u32)] =
    &[(0, 0), (8, 8), (0x2_0000, 0x2_0000), (0x2_0008, 0x2_0008), (u32::MAX, u32::MAX)];

/// All but `TIOCSTI` and `TIOCLINUX`, which type on the terminal for somebody else to read.
const REQUESTS: &[(u32, u32)] = &[(0, 0x5411), (0x5413, 0x541b), (0x541d, u32::MAX)];

/// All `CLONE_NEW*` that clone(2) knows: mount, cgroup, UTS, IPC, user, PID, network.
const NAMESPACES: u32 = 0x7e02_0000;

/// Calls with higher numbers are newer than these rules, and missing. So are those of x32, which have bit 30 set.
const COUNT: usize = match call::removexattrat.x86_64 {
    Some(last) => last as usize + 1,
    None => 0,
};

/// The rules by number.
pub(super) static X86_64: [Rule; COUNT] = rules(Architecture::X86_64);
pub(super) static I386: [Rule; COUNT] = rules(Architecture::I386);

#[derive(Clone, Copy)]
enum Architecture {
    X86_64,
    I386,
}

/// Evaluated by the compiler.
const fn rules(architecture: Architecture) -> [Rule; COUNT] {
    let mut rules = [Rule { with: 0, otherwise: Verdict::Refuse }; COUNT];
    let mut always = ALWAYS;
    while let [call, rest @ ..] = always {
        if let Some(rule) = rule_of(&mut rules, *call, architecture) {
            rule.otherwise = Verdict::Allow;
        }
        always = rest;
    }
    let mut partly = PARTLY;
    while let [(call, verdict), rest @ ..] = partly {
        if let Some(rule) = rule_of(&mut rules, *call, architecture) {
            rule.otherwise = *verdict;
        }
        partly = rest;
    }
    let mut with = WITH;
    while let [(capability, calls), rest @ ..] = with {
        let mut calls = *calls;
        while let [call, rest @ ..] = calls {
            if let Some(rule) = rule_of(&mut rules, *call, architecture) {
                rule.with |= *capability;
            }
            calls = rest;
        }
        with = rest;
    }
    rules
}

const fn rule_of(rules: &mut [Rule; COUNT], call: Call, architecture: Architecture) -> Option<&mut Rule> {
    let number = match architecture {
        Architecture::X86_64 => call.x86_64,
        Architecture::I386 => call.i386,
    };
    match number {
        Some(number) => match rules.split_at_mut_checked(number as usize) {
            Some((_, [rule, ..])) => Some(rule),
            _ => None,
        },
        None => None,
    }
}

/// All capabilities that the rules ask for.
pub(super) const CAPABILITIES: u64 = {
    let (mut all, mut with) = (0, WITH);
    while let [(capability, _), rest @ ..] = with {
        all |= *capability;
        with = rest;
    }
    all
};
