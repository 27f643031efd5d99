//! hc-netns: named network namespaces. See hc-netns(1).
#![cfg_attr(not(test), no_main)]

hc::tool!("hc-netns", run);

fn run(_args: hc::Args) -> hc::Result<hc::Status> {
    Err(hc::Error::usage("not built yet"))
}
