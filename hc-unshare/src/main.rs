//! hc-unshare: run a program in new namespaces, behind a new root. See hc-unshare(1).
#![cfg_attr(not(test), no_main)]

hc::tool!("hc-unshare", run);

fn run(_args: hc::Args) -> hc::Result<hc::Status> {
    Err(hc::Error::usage("not built yet"))
}
