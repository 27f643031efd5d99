//! hc-rootfs: copy a program and all it needs into a directory. See hc-rootfs(1).
#![cfg_attr(not(test), no_main)]

hc::tool!("hc-rootfs", run);

fn run(_args: hc::Args) -> hc::Result<hc::Status> {
    Err(hc::Error::usage("not built yet"))
}
