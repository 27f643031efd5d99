//! Whole root directories, which others have made; and ours under the tools of others.

use super::{Who, everybody};
use crate::cgroup::made_up_by;
use hc_tests::{Cmd, Dir, Host, can_make_hosts, debian, eventually, find, require, user_namespaces};

const NO_USER_NAMESPACES: &str = "ordinary users may not make user namespaces here";

/// A root directory of busybox(1) alone, owned by `who`.
fn busybox(who: Who, inittab: &str) -> Dir {
    let dir = if who == Who::Root { Dir::new() } else { Dir::of_nobody() };
    for name in ["proc", "sys", "dev", "tmp", "root", "etc", "bin", "sbin"] {
        dir.directory(name);
    }
    dir.program("bin/busybox", std::fs::read(find("busybox".as_ref()).unwrap()).unwrap());
    for applet in ["bin/sh", "bin/id", "bin/poweroff", "bin/echo", "bin/sleep", "sbin/init"] {
        std::os::unix::fs::symlink("/bin/busybox", dir.join(applet)).unwrap();
    }
    dir.file("etc/inittab", inittab);
    dir
}

#[test]
fn a_debian_is_one_that_works() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    require!(user_namespaces(), NO_USER_NAMESPACES);
    let debian = debian().to_str().unwrap();
    for who in everybody() {
        let version = ["-r", debian, "/bin/bash", "-lc", "apt-get --version"];
        // A user who has the name of root is not let into root's home.
        let version = who.runs(Cmd::tool("hc-run").args(["-e", "HOME=/"]).args(version)).run().ok().quiet();
        assert!(version.text().starts_with("apt "), "{who:?}: {version:?}");
    }
    let run = |words: &[&str]| Cmd::tool("hc-run").args(["-r", debian]).args(words).run();
    // A distribution's tools become other users, and give them files; nothing of it is left in the tree.
    let script = "touch /tmp/x && chown www-data:adm /tmp/x && stat -c '%U %G' /tmp/x && rm /tmp/x
        su nobody -s /bin/sh -c 'id -un; touch /etc/x 2>/dev/null || echo refused'
        apt-config dump APT::Sandbox::User && dpkg --verify base-files && echo verified";
    let expected = "www-data adm\nnobody\nrefused\nAPT::Sandbox::User \"_apt\";\nverified\n";
    let distribution = run(&["sh", "-ec", script]).ok();
    assert_eq!(distribution.text(), expected, "{distribution:?}");
    run(&["-u", "www-data", "id"])
        .ok()
        .quiet()
        .says("uid=33(www-data) gid=33(www-data) groups=33(www-data)\n");
}

#[test]
fn an_operating_system_is_only_another_program() {
    require!(user_namespaces(), NO_USER_NAMESPACES);
    let inittab = "::sysinit:/bin/echo the system starts\n::once:/bin/sh -c \"echo pid 1 is $(cat /proc/1/comm); poweroff\"\n";
    for who in everybody() {
        let tree = busybox(who, &inittab.replace("cat /proc/1/comm", "busybox cat /proc/1/comm"));
        let line = Cmd::tool("hc-run").arg("-r").arg(tree.path()).arg("/sbin/init");
        let ended = who.runs(line).run().ok();
        let said = ended.text();
        assert!(said.starts_with("the system starts"), "{who:?}: {ended:?}");
        assert!(said.contains("pid 1 is init"), "{who:?}: {ended:?}");
    }
}

/// What an init finds: as a program, which then ends the system.
const LOOK: &str = "#!/bin/sh
for at in /run /run/lock /tmp; do busybox grep -o \" $at tmpfs rw\" /proc/mounts; done
busybox mkdir /sys/fs/cgroup/below 2>/dev/null && echo divided
busybox cat /run/file 2>/dev/null
poweroff
";

#[test]
fn an_operating_system_finds_empty_directories_and_a_cgroup_to_divide() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    require!(user_namespaces(), NO_USER_NAMESPACES);
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
    for who in everybody() {
        let (tree, data) = (busybox(who, "::once:/look\n"), Dir::of_nobody());
        tree.program("look", LOOK);
        tree.file("run/file", "of the tree\n");
        data.file("file", "of the volume\n");
        let starts = |options: &[&str]| {
            let line = Cmd::tool("hc-run").args(options).arg("-r").arg(tree.path()).arg("/sbin/init");
            let running = who.runs(line.dir(data.path())).start();
            let pid = running.pid();
            let said = running.wait().ok().text().replace('\r', "");
            eventually("its cgroup is gone", || made_up_by(&[pid]).is_empty());
            said
        };
        let said = starts(&[]);
        assert!(said.contains(" /run tmpfs rw\n /run/lock tmpfs rw\n /tmp tmpfs rw\n"), "{who:?}: {said}");
        let can_divide = who == Who::Root && mounts.contains(" cgroup2 rw");
        assert_eq!(said.contains("divided\n"), can_divide, "{who:?}: {said}");
        assert!(!said.contains("of the"), "{who:?}: {said}");
        // What somebody asks for is on top of that.
        let said = starts(&["-v", ".:/run", "--tmpfs=/run/lock:size=1m"]);
        assert!(said.contains("of the volume\n"), "{who:?}: {said}");
    }
}

/// Nor has it a directory for all that others have.
#[test]
fn one_in_a_tree_that_is_not_its_caller_s_starts() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    require!(user_namespaces(), NO_USER_NAMESPACES);
    let tree = busybox(Who::Root, "::once:/bin/sh -c \"echo it starts; poweroff\"\n");
    let line = Cmd::tool("hc-run").arg("-r").arg(tree.path()).arg("/sbin/init");
    let ended = line.as_nobody().run().ok();
    assert!(ended.text().starts_with("it starts"), "{ended:?}");
    assert!(!tree.join("run").exists());
}

#[test]
fn an_operating_system_starts_where_root_may_make_no_cgroup() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    require!(user_namespaces(), NO_USER_NAMESPACES);
    let tree = busybox(Who::User, "::once:/look\n");
    tree.program("look", LOOK);
    tree.directory("run");
    Cmd::line(["chown", "-R", "65534:65534"]).arg(tree.path()).run().ok().quiet();
    // Root of a user namespace of its own, to whom the machine's cgroups are not given.
    let run = Cmd::line(["unshare", "-rmpf", "--mount-proc"])
        .chain(&Cmd::tool("hc-run").arg("-r").arg(tree.path()));
    let said = run.arg("/sbin/init").as_nobody().run().ok();
    let said = said.text().replace('\r', "");
    assert!(said.contains(" /run tmpfs rw\n /run/lock tmpfs rw\n /tmp tmpfs rw\n"), "{said}");
    assert!(!said.contains("divided"), "{said}");
}

#[test]
fn an_unpacked_image_is_one() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (dir, tree) = (Dir::new(), busybox(Who::Root, ""));
    let script = "set -e; umoci init --layout i; umoci new --image i:t; umoci unpack --image i:t made
        cp -a \"$1\"/. made/rootfs; umoci repack --image i:t made; umoci unpack --image i:t bundle";
    Cmd::sh(script).arg("sh").arg(tree.path()).dir(dir.path()).run().ok();
    let run = Cmd::tool("hc-run").args(["-r", "bundle/rootfs", "/bin/sh", "-c", "id -u; echo /etc/*"]);
    run.dir(dir.path()).run().ok().quiet().says("0\n/etc/inittab\n");
}

/// Runs `script` in a directory that has a tree of hc-rootfs with sh(1), with mounts and cgroups of its own.
fn with_tree(script: &str) -> hc_tests::Output {
    let (host, dir) = (Host::new(), Dir::new());
    Cmd::tool("hc-rootfs").args(["--etc", "tree", "/bin/sh"]).dir(dir.path()).run().ok().quiet();
    Cmd::sh(script).dir(dir.path()).on(&host).run()
}

#[test]
fn a_tree_of_hc_rootfs_is_one_to_other_tools() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    // crun(1) knows version 2 of cgroups alone, or that there is none. nspawn's complaint is about a directory in /run.
    let tools = [
        ("bwrap", "bwrap --unshare-all --bind tree / --proc /proc --dev /dev /bin/sh -c 'echo hi from $$'"),
        ("systemd-nspawn", "systemd-nspawn -q --console=pipe --register=no --keep-unit -D tree /bin/sh -c 'echo hi from $$' 2>/dev/null"),
        (
            "crun",
            "mkdir bundle; mv tree bundle/rootfs; cd bundle; crun spec
             sed -i 's/\"terminal\": true/\"terminal\": false/; s|\"sh\"|\"/bin/sh\", \"-c\", \"echo hi from $$\"|' config.json
             exec unshare -mC sh -c 'umount -R /sys/fs/cgroup 2>/dev/null; mount -t cgroup2 none /sys/fs/cgroup
                 crun --root=./state --cgroup-manager=disabled run c'",
        ),
    ];
    for (tool, script) in tools {
        let said = with_tree(script).ok();
        assert!(["hi from 1\n", "hi from 2\n"].contains(&said.text()), "{tool}: {said:?}");
    }
}
