//! OCI images, from and to the tools that others have for them.

use crate::docs::run_examples;
use hc_tests::{Cmd, Dir, Host, Output, can_make_hosts, find, require, user_namespaces};

const NO_USER_NAMESPACES: &str = "ordinary users may not make user namespaces here";

/// crun(1) knows cgroups of version 2 alone. Only on this host, whatever the machine has.
fn version_2(host: &Host) {
    let script = "while umount /sys/fs/cgroup/* /sys/fs/cgroup; do :; done 2>/dev/null; mount -t cgroup2 none /sys/fs/cgroup";
    Cmd::sh(script).on(host).run().ok().quiet();
}

#[test]
fn the_images_of_hc() {
    require!(user_namespaces(), NO_USER_NAMESPACES);
    run_examples("man/hc.7", &["IMAGES"], version_2);
}

/// An image of busybox(1): two layers, the second of which takes a file of the first away; files of others, and a
/// set-user-ID bit.
const MAKE: &str = r#"
set -e
umask 022
mkdir -p one/bin one/etc one/var one/proc one/dev one/sys one/tmp two/etc
cp "$1" one/bin/busybox
for name in sh id ls cat stat; do ln -s busybox one/bin/$name; done
echo 'root:x:0:0:root:/:/bin/sh
guest:x:1000:1000::/:/bin/sh' >one/etc/passwd
echo first >one/etc/gone; echo first >one/etc/changed; echo hers >one/var/file
ln -s ../etc/changed one/var/link
echo second >two/etc/changed; : >two/etc/.wh.gone
tar -c -f one.tar --owner=0 --group=0 -C one bin etc proc dev sys tmp
tar -r -f one.tar --owner=1000 --group=1000 --mode=u+s,a+r -C one var
tar -c -f two.tar --owner=0 --group=0 -C two etc
umoci init --layout image
umoci new --image image:box
umoci raw add-layer --image image:box one.tar
umoci raw add-layer --image image:box two.tar
skopeo copy -q oci:image:box oci-archive:box.tar
"#;

/// What a program in it sees.
const LOOK: &str = "id -u; cat /var/link; ls /etc; stat -c '%u:%g %A' /var/file /etc/passwd";

fn image() -> Dir {
    let dir = Dir::of_nobody();
    let busybox = find("busybox".as_ref()).expect("busybox (tests/require)");
    Cmd::sh(MAKE).arg("sh").arg(busybox).dir(dir.path()).as_nobody().run().ok().quiet();
    dir
}

/// Copies the image, takes it apart and runs `script` in what comes of it.
fn run(dir: &Dir, how: impl Fn(Cmd) -> Cmd, unpack: &str, options: &[&str], script: &str) -> Output {
    let copy = "skopeo copy -q oci-archive:box.tar oci:copy:box && umoci --log=error unpack";
    how(Cmd::sh(format!("{copy} {unpack} --image copy:box bundle")).dir(dir.path())).run().ok().quiet();
    let line = Cmd::tool("hc-run").args(options).args(["-r", "bundle/rootfs", "/bin/sh", "-c", script]);
    how(line.dir(dir.path())).run()
}

#[test]
fn an_image_is_a_root_directory_for_root() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let dir = image();
    let said = run(&dir, |cmd| cmd, "", &[], LOOK).ok().quiet();
    said.says("0\nsecond\nchanged\npasswd\n1000:1000 -rwSr--r--\n0:0 -rw-r--r--\n");
    let line = Cmd::tool("hc-run").args(["-u", "guest", "-r", "bundle/rootfs", "/bin/id", "-u"]);
    line.dir(dir.path()).run().ok().quiet().says("1000\n");
}

#[test]
fn an_image_is_a_root_directory_for_a_user() {
    require!(user_namespaces(), NO_USER_NAMESPACES);
    let dir = image();
    // All of it is the user's, who is root in there.
    let said = run(&dir, Cmd::as_nobody, "--rootless", &[], LOOK).ok().quiet();
    said.says("0\nsecond\nchanged\npasswd\n0:0 -rwSr--r--\n0:0 -rw-r--r--\n");
}
