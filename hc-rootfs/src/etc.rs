//! `--etc`: the files in /etc without which names of users and hosts mean nothing.

use crate::copy::Text;
use crate::sysroot::Sysroot;
use std::io::Read;
use std::path::Path;

const PASSWD: &str =
    "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n";
const GROUP: &str = "root:x:0:\nnogroup:x:65534:\n";
const HOSTS: &str = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";
/// `files` and `dns` are built into glibc since 2.34.
const NSSWITCH: &str = "passwd: files\ngroup: files\nhosts: files dns\n";
/// Far more than any resolver reads.
const MAX: u64 = 1 << 16;

/// All of them, with the caller's resolv.conf if he has one, wherever the programs are from.
pub(crate) fn texts() -> Vec<Text> {
    let fixed = [("passwd", PASSWD), ("group", GROUP), ("hosts", HOSTS), ("nsswitch.conf", NSSWITCH)];
    let fixed = fixed.map(|(name, content)| Text { name, content: content.into() });
    let resolv = resolv_conf().map(|content| Text { name: "resolv.conf", content });
    fixed.into_iter().chain(resolv).collect()
}

fn resolv_conf() -> Option<Vec<u8>> {
    let content = read("/etc/resolv.conf".as_ref())?;
    // systemd-resolved's stub answers in the host's network namespace only; this has the servers behind it.
    let is_stub = content.split(|&byte| byte == b'\n').any(names_stub);
    let servers = if is_stub { read("/run/systemd/resolve/resolv.conf".as_ref()) } else { None };
    Some(servers.unwrap_or(content))
}

/// True for a line that names one of systemd-resolved's own addresses, of which the second answers without changes.
fn names_stub(line: &[u8]) -> bool {
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    words.next() == Some(b"nameserver") && matches!(words.next(), Some(b"127.0.0.53" | b"127.0.0.54"))
}

fn read(path: &Path) -> Option<Vec<u8>> {
    let (file, _) = Sysroot::default().open_regular(path).ok()?;
    let mut content = Vec::new();
    file.take(MAX).read_to_end(&mut content).ok()?;
    Some(content)
}
