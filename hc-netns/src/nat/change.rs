//! A change of our tables, made only if nobody has made one since we looked.

use super::{is_ours, rules};
use crate::apart;
use crate::netlink::{Batch, Netlink, Refusal, text};
use hc::{Error, Result};
use nix::errno::Errno;
use nix::poll::PollTimeout;

/// How often others may come between looking and changing.
const ATTEMPTS: usize = 400;
/// How long it is waited for what goes away by itself, in milliseconds.
const PAUSE: u8 = 5;

/// What our tables are, when it was looked.
#[derive(Default)]
pub(super) struct State {
    /// The tables, and whether each belongs to a keeper.
    pub(super) tables: Vec<(Vec<u8>, bool)>,
    /// The chains, each with its table.
    pub(super) chains: Vec<(Vec<u8>, String)>,
}

/// What is to be done about a state.
pub(super) enum Step {
    /// This.
    Change(Batch),
    /// Nothing.
    Leave,
    /// Nothing yet: something is about to go away by itself.
    Wait,
}

/// Makes the change that `plan` plans when it sees our tables; again, when somebody else was quicker.
pub(super) fn change(
    filter: &mut Netlink,
    what: &str,
    mut plan: impl FnMut(&State, u32) -> Result<Step>,
) -> Result<()> {
    for _ in 0..ATTEMPTS {
        let mut generation = 0;
        let asked = filter.ask(rules::ask_generation(), |message| {
            generation = rules::generation(message).unwrap_or(generation);
            Ok(())
        })?;
        asked.map_err(|refusal| not_there(what, &refusal))?;
        let state = look(filter, what)?;
        let batch = match plan(&state, generation)? {
            Step::Leave => return Ok(()),
            Step::Wait => {
                apart::wait(&[], PollTimeout::from(PAUSE))?;
                continue;
            }
            Step::Change(batch) => batch,
        };
        match filter.run(rules::end(batch))? {
            Ok(()) => return Ok(()),
            Err(refusal) if refusal.errno == Errno::ERESTART => {}
            Err(refusal) => return Err(not_there(what, &refusal)),
        }
    }
    Err(Error::new(format!("{what}: others do not stop changing theirs")))
}

/// Looks at our tables.
pub(super) fn look(filter: &mut Netlink, what: &str) -> Result<State> {
    let mut state = State::default();
    let asked = filter.dump(rules::ask_tables(), |message| {
        let attributes = message.attributes(rules::NFGENMSG);
        let name = attributes.find(rules::TABLE).map(text).unwrap_or_default();
        if is_ours(name) {
            state.tables.push((name.to_owned(), attributes.find(rules::TABLE_OWNER).is_some()));
        }
        Ok(())
    })?;
    asked.map_err(|refusal| not_there(what, &refusal))?;
    if state.tables.is_empty() {
        return Ok(state);
    }
    let asked = filter.dump(rules::ask_chains(), |message| {
        let attributes = message.attributes(rules::NFGENMSG);
        let name = |kind| attributes.find(kind).map(text).unwrap_or_default();
        if is_ours(name(rules::TABLE)) {
            let chain = String::from_utf8_lossy(name(rules::CHAIN_NAME)).into_owned();
            state.chains.push((name(rules::TABLE).to_owned(), chain));
        }
        Ok(())
    })?;
    asked.map_err(|refusal| not_there(what, &refusal))?;
    Ok(state)
}

fn not_there(what: &str, refusal: &Refusal) -> Error {
    match refusal.errno {
        Errno::EOPNOTSUPP | Errno::ENOENT | Errno::EPROTONOSUPPORT => {
            refusal.error(format_args!("{what}: the kernel has no nf_tables for it"))
        }
        _ => refusal.error(what),
    }
}
