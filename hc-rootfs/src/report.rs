//! What the programs need, printed instead of copied.

mod json;
mod list;
mod tree;

use crate::copy::Goods;
use crate::host::Host;
use crate::options::Form;
use crate::programs::{Closure, Why};
use crate::resolver::How;
use hc::{Environ, Error, Result, show};
use std::io::IsTerminal;
use std::path::PathBuf;

/// Prints all of `closure` in this `form`, or, as a list, all of `goods`.
pub(crate) fn print(form: Form, closure: &Closure, goods: &Goods, host: &Host, env: &Environ) -> Result<()> {
    let text = match form {
        Form::List { null, directories } => {
            if let Some(ware) = goods.wares.iter().find(|ware| ware.source.content.is_some()) {
                let name = show(&ware.name);
                return Err(Error::new(format!(
                    "{name}: a list cannot say what the kernel has in it: copy it"
                )));
            }
            list::list(goods, list::End::new(null), directories.then_some(host))
        }
        Form::Tree => tree::tree(closure, is_coloured(env)),
        Form::Json => json::object(closure, &goods.wares),
    };
    hc::print(&text)
}

/// Prints these names, a line each.
pub(crate) fn lines(names: &[PathBuf]) -> Result<()> {
    let lines: Vec<String> = names.iter().map(|name| show(name).to_string() + "\n").collect();
    hc::print(lines.concat().as_bytes())
}

/// <https://no-color.org>: not where NO_COLOR is set to anything; nor where the terminal is none that has colours.
fn is_coloured(env: &Environ) -> bool {
    let refused = env.get(b"NO_COLOR").is_some_and(|value| !value.is_empty());
    !refused && env.get(b"TERM") != Some(b"dumb") && std::io::stdout().is_terminal()
}

impl Why {
    /// The word that the page has for it.
    fn word(self) -> &'static str {
        match self {
            Why::Interpreter => "interpreter",
            Why::ByEnv => "env",
            Why::Object(How::Loader) => "loader",
            Why::Object(How::Name) => "name",
            Why::Object(How::LibraryPath) => "library-path",
            Why::Object(How::Rpath) => "rpath",
            Why::Object(How::Runpath) => "runpath",
            Why::Object(How::Cache) => "cache",
            Why::Object(How::Default) => "default",
            Why::Object(How::Variant) => "variant",
            Why::Object(How::Dlopen) => "dlopen",
            Why::Object(How::Nss) => "nss",
            Why::Object(How::Gconv) => "gconv",
            Why::Object(How::Unwinder) => "libgcc",
            Why::Config => "config",
        }
    }
}
