//! What is done with reminders that are there.

use crate::{Desk, NOUNS, say, set::set_again};
use skillet_sdk::Failure;
use skillet_sdk::jobs::{self, Listed, State};
use skillet_when::{Told, Which};

pub fn list(desk: &Desk) -> Result<Told, Failure> {
    let waiting = desk.jobs(State::Waiting)?;
    let zone = desk.now.timezone().name();
    let heading = if waiting.is_empty() { say(desk, "none", &[]) } else { say(desk, "heading", &[zone]) };
    desk.list(&heading, &waiting)
}

pub fn cancel(desk: &Desk) -> Result<Told, Failure> {
    let mut open = desk.jobs(State::Waiting)?;
    if desk.call.attempt > 1 {
        // The first attempt may have cancelled the one that is named.
        open.extend(desk.jobs(State::Cancelled)?);
    }
    each(desk, &open, |one| {
        let gone = jobs::cancel(&one.id)? || one.state == State::Cancelled;
        Ok(say(desk, if gone { "cancelled" } else { "gone_off" }, &[one.text()]))
    })
}

pub fn done(desk: &Desk) -> Result<Told, Failure> {
    let which = Which::read(&desk.call.input.text, NOUNS);
    let (fired, waiting) = (desk.jobs(State::Done)?, desk.jobs(State::Waiting)?);
    // Numbers are those of the list, which has none that went off.
    let named = matches!(which, Which::Only | Which::Words(_));
    if let Some(one) = which.of(&fired, Listed::text).first().filter(|_| named) {
        if let Some(again) = set_again(one, &waiting) {
            jobs::cancel(&again.id)?;
        }
        return Ok(say(desk, "done", &[one.text()]).into());
    }
    if which == Which::Only {
        return Ok(say(desk, "nothing_done", &[]).into());
    }
    // What repeats stays; what was to come once is not needed any more.
    each(desk, &waiting, |one| {
        if one.recurrence.is_some() {
            return Ok(say(desk, "done_repeats", &[&desk.voice.moment(&desk.at(one.run_at_ms)), one.text()]));
        }
        jobs::cancel(&one.id)?;
        Ok(say(desk, "done_early", &[one.text()]))
    })
}

/// Does something with the ones that are meant and says what, or asks which one.
fn each(desk: &Desk, open: &[Listed], act: impl Fn(&Listed) -> Result<String, Failure>) -> Result<Told, Failure> {
    let text = desk.call.input.text.trim();
    let which = Which::read(text, NOUNS);
    let meant = desk.meant(&which, open)?;
    Ok(match (&meant[..], which) {
        _ if open.is_empty() => say(desk, "none", &[]).into(),
        ([], Which::Number(number)) => say(desk, "no_number", &[&number.to_string()]).into(),
        ([], _) => say(desk, "no_such", &[text]).into(),
        ([_], _) | (_, Which::All) => meant.into_iter().map(act).collect::<Result<Vec<_>, _>>()?.join("\n").into(),
        _ => Told { needs: Some("which"), ..desk.list(&say(desk, "which", &[]), meant)? },
    })
}
