//! hc-env: run a program in a controlled environment. See hc-env(1).
#![cfg_attr(not(test), no_main)]

hc::tool!("hc-env", run);

fn run(_args: hc::Args) -> hc::Result<hc::Status> {
    Err(hc::Error::usage("not built yet"))
}
