//! Calls into parts of the kernel that programs in a jail have no use for.

use super::{Attack, cell};
use hc_tests::{can_make_hosts, require, user_namespaces};

fn can_run() -> bool {
    can_make_hosts() && user_namespaces()
}

/// Each of these but the last two is something that programs do. A user may, or may not, as settings have it.
#[test]
fn are_refused() {
    require!(can_run(), "takes root, and user namespaces for others");
    let cell = cell();
    for (call, root, nobody) in [
        ("bpf", "works", "works|bpf: EPERM"),
        ("perf_event_open", "works", "works|perf_event_open: EACCES"),
        ("userfaultfd", "works", "works"),
        ("io_uring_setup", "works|io_uring_setup: EPERM", "works|io_uring_setup: EPERM"),
        ("keyctl", "works", "works"),
        // The errno is another than that of want of privilege, or there is no such call in this kernel.
        ("kexec_load", "kexec_load: EINVAL|kexec_load: ENOSYS", "kexec_load: EPERM|kexec_load: ENOSYS"),
        ("init_module", "init_module: ENOEXEC|init_module: ENOSYS", "init_module: EPERM|init_module: ENOSYS"),
    ] {
        Attack::new(&cell, &[call]).leads(root, nobody).closed_by(&format!("{call}: EPERM"));
    }
}

/// A further user namespace gives every capability, and with it the parts of the kernel that ask for one. In a chroot none
/// is made, which closes this way by chance: it is open where the root is a real one.
#[test]
fn that_make_user_namespaces_are_refused() {
    require!(can_run(), "takes root, and user namespaces for others");
    let cell = cell();
    for (way, expected) in
        [("unshare", "unshare: EPERM"), ("clone", "clone: EPERM"), ("clone3", "clone3: ENOSYS|clone3: EPERM")]
    {
        let attack = Attack::new(&cell, &["user-namespace", way]);
        let refused = format!("{way}: EPERM");
        let attack = attack.leads(&refused, &refused);
        let tool = hc_tests::tool("hc-unshare").display().to_string();
        for (who, options) in [(super::Who::Root, "-fpium"), (super::Who::Nobody, "-rfpium")] {
            attack.expect(who, &[tool.clone(), options.to_owned(), "--mount-proc".to_owned()], "works");
        }
        attack.closed_by(expected);
    }
}
