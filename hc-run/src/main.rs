//! hc-run: write the chain that makes a container, and exec it. See hc-run(1).
#![cfg_attr(not(test), no_main)]

hc::tool!("hc-run", run);

fn run(_args: hc::Args) -> hc::Result<hc::Status> {
    Err(hc::Error::usage("not built yet"))
}
