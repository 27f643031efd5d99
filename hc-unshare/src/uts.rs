//! The names of a new UTS namespace: uts_namespaces(7).

use crate::sys;
use hc::{Context, Result};
use std::ffi::OsString;

/// What the machine is called in there. What is not given stays as it is outside.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) host: Option<OsString>,
    pub(crate) domain: Option<OsString>,
}

/// `__NEW_UTS_LEN` of the kernel.
pub(crate) const MAX_LENGTH: usize = 64;

impl Names {
    /// True when no name is given.
    pub(crate) fn are_unchanged(&self) -> bool {
        self == &Names::default()
    }

    pub(crate) fn set(&self) -> Result<()> {
        if let Some(name) = &self.host {
            nix::unistd::sethostname(name).context(format_args!("host name '{}'", hc::show(name)))?;
        }
        if let Some(name) = &self.domain {
            sys::set_domain_name(name).context(format_args!("domain name '{}'", hc::show(name)))?;
        }
        Ok(())
    }
}
