//! Files and directories of the caller's in the container.

use super::{Who, everybody};
use hc_tests::{Cmd, Dir, can_make_hosts, require, user_namespaces};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

const NO_USER_NAMESPACES: &str = "ordinary users may not make user namespaces here";

fn dir_of(who: Who) -> Dir {
    if who == Who::Root { Dir::new() } else { Dir::of_nobody() }
}

#[test]
fn a_volume_is_the_caller_s_to_read_and_to_write() {
    require!(user_namespaces(), NO_USER_NAMESPACES);
    for who in everybody() {
        let dir = dir_of(who);
        // Nobody else may.
        std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o700)).unwrap();
        dir.file("given", "to read\n");
        let script = "read line </data/given && echo $line && echo written >/data/made";
        let run = Cmd::tool("hc-run").args(["-v", ".:/data", "sh", "-c", script]).dir(dir.path());
        who.runs(run).run().ok().quiet().says("to read\n");
        assert_eq!(std::fs::read(dir.join("made")).unwrap(), b"written\n");
        let (made, own) = (dir.join("made").metadata().unwrap(), dir.path().metadata().unwrap());
        assert_eq!((made.uid(), made.gid()), (own.uid(), own.gid()), "{who:?}");
        let refused =
            Cmd::tool("hc-run").args(["-v", ".:/data:ro", "sh", "-c", "echo x >/data/more || echo no"]);
        let refused = who.runs(refused.dir(dir.path())).run().ok();
        assert_eq!(refused.text(), "no\n", "{refused:?}");
    }
}

#[test]
fn owners_are_the_same_ids_inside() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let dir = Dir::new();
    let file = dir.file("file", "x");
    chown(&file, Some(1000), Some(100)).unwrap();
    let stat = ["stat", "-c", "%u:%g", "/data/file", "/one"];
    let volumes = ["-v", ".:/data", "-v", "./file:/one"];
    let run = Cmd::tool("hc-run").args(volumes).args(stat).dir(dir.path());
    run.run().ok().quiet().says("1000:100\n1000:100\n");
    let write = ["-u", "1000:100", "-v", "file:/one", "sh", "-c", "echo y >/one"];
    Cmd::tool("hc-run").args(write).dir(dir.path()).run().ok().quiet();
    assert_eq!(std::fs::read(&file).unwrap(), b"y\n");
}

#[test]
fn nothing_in_a_volume_gives_privileges() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let dir = Dir::new();
    let id = dir.program("id", std::fs::read("/usr/bin/id").unwrap());
    std::fs::set_permissions(&id, PermissionsExt::from_mode(0o4755)).unwrap();
    Cmd::sh("mknod null c 1 3").dir(dir.path()).run().ok().quiet();
    let script = "/data/id -u; read x </data/null || echo no device";
    let run = Cmd::tool("hc-run").args(["-u", "7", "-v", ".:/data", "-f", "/usr/bin/id", "sh", "-c", script]);
    let run = run.dir(dir.path()).run().ok();
    assert_eq!(run.text(), "7\nno device\n", "{run:?}");
}

#[test]
fn a_volume_that_is_not_there_is_told() {
    require!(user_namespaces(), NO_USER_NAMESPACES);
    for who in everybody() {
        let dir = dir_of(who);
        let run = Cmd::tool("hc-run").args(["-v", "./nosuch:/data", "echo"]).dir(dir.path());
        let message = who.runs(run).run().fails("hc-unshare", 125);
        assert_eq!(message, "./nosuch: No such file or directory", "{who:?}");
    }
}
