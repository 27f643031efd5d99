//! What unshare(1) has learned since util-linux 2.38, which Debian 12 has: what comes of it is written down here.

mod binfmt;
mod environment;
mod maps;
mod owner;
mod signals;
mod spellings;

use super::unshare;
use hc_tests::{Cmd, Host, Output, View};

/// A machine that gives subordinate ids to nobody, and none to root.
pub(super) fn host_with_subids() -> Host {
    let host = Host::new();
    let line = "nobody:100000:65536\nnobody:300000:10\n";
    for (file, content) in [("/etc/subuid", line), ("/etc/subgid", &line.replace("100000", "200000"))] {
        std::fs::write(host.path(file), content).unwrap();
    }
    host
}

/// `hc-unshare LINE` there, as it is run by `who`.
#[track_caller]
fn on(host: &Host, who: fn(Cmd) -> Cmd, line: &str) -> Cmd {
    who(unshare(&line.split_whitespace().collect::<Vec<_>>()).on(host))
}

fn as_root(cmd: Cmd) -> Cmd {
    cmd
}

/// What the probe sees after `LINE`.
#[track_caller]
fn view(host: &Host, who: fn(Cmd) -> Cmd, line: &str) -> View {
    on(host, who, line).next_view()
}

/// The message with which `LINE` is refused.
#[track_caller]
fn refusal(host: &Host, who: fn(Cmd) -> Cmd, line: &str) -> String {
    let output: Output = on(host, who, line).arg(hc_tests::probe()).run();
    output.fails("hc-unshare", 125)
}
