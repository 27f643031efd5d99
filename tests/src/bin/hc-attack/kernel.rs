//! Parts of the kernel that programs in containers have no use for, and that are ways into it.

use crate::sys::{address, call as system_call, number};
use crate::{Attempt, Of};
use nix::errno::Errno;

/// A call of this name, such that it can do no harm. None if there is none of that name.
pub(crate) fn call(name: &str) -> Option<Attempt> {
    Some(match name {
        "bpf" => bpf(),
        "perf_event_open" => perf_event_open(),
        "userfaultfd" => {
            // For faults in user space, which every user may have.
            system_call(libc::SYS_userfaultfd, [1, 0, 0, 0, 0, 0]).of("userfaultfd").map(drop)
        }
        "io_uring_setup" => {
            let mut parameters = [0_u8; 120];
            system_call(libc::SYS_io_uring_setup, [1, address(&mut parameters), 0, 0, 0, 0])
                .of("io_uring_setup")
                .map(drop)
        }
        "keyctl" => {
            const GET_KEYRING_ID: usize = 0;
            const USER_KEYRING: i32 = -4;
            system_call(libc::SYS_keyctl, [GET_KEYRING_ID, number(USER_KEYRING), 1, 0, 0, 0])
                .of("keyctl")
                .map(drop)
        }
        // With flags that there are not, and without a module: refused all the same, but by another errno, if the
        // privilege is there.
        "kexec_load" => system_call(libc::SYS_kexec_load, [0, 0, 0, 0x4000, 0, 0]).of("kexec_load").map(drop),
        "init_module" => system_call(libc::SYS_init_module, [0, 0, address(&mut 0_u8), 0, 0, 0])
            .of("init_module")
            .map(drop),
        _ => return None,
    })
}

/// An array of one number.
fn bpf() -> Attempt {
    const MAP_CREATE: usize = 0;
    let mut array = [2_u32, 4, 4, 1];
    system_call(libc::SYS_bpf, [MAP_CREATE, address(&mut array), size_of_val(&array), 0, 0, 0])
        .of("bpf")
        .map(drop)
}

/// An event that never happens, in this process, and not in the kernel.
fn perf_event_open() -> Attempt {
    const SOFTWARE: u64 = 1;
    const DUMMY: u64 = 9;
    const NOT_IN_KERNEL: u64 = 3 << 5;
    let mut event = [SOFTWARE | 64 << 32, DUMMY, 0, 0, 0, NOT_IN_KERNEL, 0, 0];
    system_call(libc::SYS_perf_event_open, [address(&mut event), 0, number(-1), number(-1), 0, 0])
        .of("perf_event_open")
        .map(drop)
}

const NEW_USER: i32 = libc::CLONE_NEWUSER;

pub(crate) fn user_namespace_by_unshare() -> Attempt {
    system_call(libc::SYS_unshare, [number(NEW_USER), 0, 0, 0, 0, 0]).of("unshare").map(drop)
}

pub(crate) fn user_namespace_by_clone() -> Attempt {
    let made = system_call(libc::SYS_clone, [number(NEW_USER | libc::SIGCHLD), 0, 0, 0, 0, 0]);
    child_or_parent(made, "clone")
}

pub(crate) fn user_namespace_by_clone3() -> Attempt {
    let [flags, exit_signal] = [NEW_USER, libc::SIGCHLD].map(|of| u64::try_from(of).unwrap_or_default());
    // The flags first, the signal fifth.
    let mut arguments = [flags, 0, 0, 0, exit_signal, 0, 0, 0];
    let size = size_of_val(&arguments);
    child_or_parent(system_call(libc::SYS_clone3, [address(&mut arguments), size, 0, 0, 0, 0]), "clone3")
}

// After the call: the child, for whom it has returned 0, ends at once; the parent tells.
fn child_or_parent(made: nix::Result<usize>, call: &'static str) -> Attempt {
    if made == Ok(0) {
        let _never_returns = system_call(libc::SYS_exit_group, [0; 6]);
    }
    match made.of(call) {
        Ok(_) => nix::sys::wait::wait().or(Err(Errno::ECHILD)).of("wait").map(drop),
        Err(refused) => Err(refused),
    }
}
