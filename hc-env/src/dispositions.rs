//! The signals of this process, which NEXT inherits: handling, mask, and the list of both.

use crate::signals::{Change, Handling, Signals};
use crate::sys;
use crate::trace::Trace;
use hc::signame;
use hc::{Context, Result};
use std::os::raw::c_int;

/// Makes them what `signals` says, first the handling, then the mask; then shows them if that was asked for.
pub(crate) fn set(signals: &Signals, trace: &mut Trace) -> Result<()> {
    signals.changes.iter().try_for_each(|(signal, change)| handle(*signal, *change, trace))?;
    if !signals.mask.is_empty() {
        set_mask(signals, trace)?;
    }
    if signals.list { list(trace) } else { Ok(()) }
}

fn handle(signal: c_int, Change { handling, named }: Change, trace: &mut Trace) -> Result<()> {
    let changed = sys::action(signal)
        .context(format_args!("failed to get signal action for signal {signal}"))
        .and_then(|mut action| {
            action.sa_sigaction = match handling {
                Handling::Default => libc::SIG_DFL,
                Handling::Ignore => libc::SIG_IGN,
            };
            sys::set_action(signal, &action)
                .context(format_args!("failed to set signal action for signal {signal}"))
        });
    let end = match changed {
        Err(error) if named => return Err(error),
        Err(_) => " (failure ignored)",
        Ok(()) => "",
    };
    let word = match handling {
        Handling::Default => "DEFAULT",
        Handling::Ignore => "IGNORE",
    };
    let name = signame::name(signal);
    trace.line(&[format!("Reset signal {name} ({signal}) to {word}{end}").as_bytes()]);
    Ok(())
}

fn set_mask(signals: &Signals, trace: &mut Trace) -> Result<()> {
    let mut blocked = sys::blocked().context("failed to get signal process mask")?;
    for (signal, block) in &signals.mask {
        let word = if *block {
            blocked.insert(*signal);
            "BLOCK"
        } else {
            blocked.remove(signal);
            "UNBLOCK"
        };
        let name = signame::name(*signal);
        trace.line(&[format!("signal {name} ({signal}) mask set to {word}").as_bytes()]);
    }
    sys::set_blocked(&blocked).context("failed to set signal process mask")
}

fn list(trace: &mut Trace) -> Result<()> {
    let blocked = sys::blocked().context("failed to get signal process mask")?;
    for signal in signame::all() {
        let ignored = sys::action(signal).is_ok_and(|action| action.sa_sigaction == libc::SIG_IGN);
        let words = match (blocked.contains(&signal), ignored) {
            (false, false) => continue,
            (true, false) => "BLOCK",
            (false, true) => "IGNORE",
            (true, true) => "BLOCK,IGNORE",
        };
        trace.tell(&[format!("{:<10} ({signal:2}): {words}", signame::name(signal)).as_bytes()]);
    }
    Ok(())
}
