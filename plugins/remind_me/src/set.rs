//! Setting a reminder, at once, after a question, or again.

use crate::{Desk, Input, NOUNS, say};
use skillet_sdk::jobs::{self, Listed, State};
use skillet_sdk::{Failure, kv::Slot, serde_json::json};
use skillet_when::{Answer, Ask, Question, Request, Span, Told, When, Which, millis};

const SNOOZE: Span = Span { months: 0, days: 0, seconds: 10 * 60 };

/// Which one was moved, and to when: from where it stood, so that a retry would move it further.
const MOVED: Slot<(String, u64)> = Slot::new("moved", 60 * 60 * 1_000);

/// Sets what was said; what an open question still lacks may be in it.
pub fn set(desk: &Desk) -> Result<Told, Failure> {
    let Input { text, what, when, .. } = &desk.call.input;
    let unclear = || Failure::InvalidInput(say(desk, "unclear", &[when.trim()]));
    let request = Request::read(text).with(what, when, desk.now.timezone()).ok_or_else(unclear)?;
    match desk.asked()? {
        Some(question) => finish(desk, &question.completed_by(request), None),
        None => finish(desk, &request, None),
    }
}

/// Completes the reminder that a question was asked about.
pub fn answer(desk: &Desk) -> Result<Told, Failure> {
    let text = &desk.call.input.text;
    let Some(question) = desk.asked()? else {
        let request = Request::read(text);
        let whole = !request.what.is_empty() && !request.when.is_empty();
        return if whole { finish(desk, &request, None) } else { Ok(say(desk, "unasked", &[]).into()) };
    };
    match question.answer(text) {
        Answer::Known(request) => finish(desk, &request, None),
        Answer::No => desk.close().map(|()| say(desk, "not_set", &[]).into()),
        Answer::Unclear => {
            let again = worded(desk, &question, desk.question(&question));
            Ok(Told { text: say(desk, "no_time", &[&again.text]), ..again })
        }
    }
}

/// Sets the newest one again that went off, or moves the next one.
pub fn snooze(desk: &Desk) -> Result<Told, Failure> {
    let text = &desk.call.input.text;
    let when = match Which::read(text, NOUNS) {
        Which::Only => Some(SNOOZE.into()),
        _ => When::read(text, desk.now.timezone()).filter(|when| when.every.is_none()),
    };
    let (fired, waiting) = (desk.jobs(State::Done)?, desk.jobs(State::Waiting)?);
    match (when, fired.first(), waiting.first()) {
        (None, ..) => Ok(Told { needs: Some("time"), ..say(desk, "how_long", &[]).into() }),
        (Some(when), Some(fired), _) => remind_again(desk, fired, when, &waiting),
        (Some(when), None, Some(next)) => move_on(desk, next, when),
        (Some(_), None, None) => Ok(say(desk, "nothing_to_snooze", &[]).into()),
    }
}

/// The one that waits in place of one that went off.
pub fn set_again<'a>(fired: &Listed, waiting: &'a [Listed]) -> Option<&'a Listed> {
    waiting.iter().find(|one| one.payload["again"] == *fired.id)
}

fn remind_again(desk: &Desk, fired: &Listed, when: When, waiting: &[Listed]) -> Result<Told, Failure> {
    let request = Request { what: fired.text().to_owned(), when };
    if let (Some(again), Ok(plan)) = (set_again(fired, waiting), request.plan(&desk.now))
        && jobs::reschedule(&again.id, millis(plan.at()))?
    {
        return Ok(desk.promise(&plan, &request.what));
    }
    finish(desk, &request, Some(fired))
}

/// Moves one that has not gone off yet, and says which.
fn move_on(desk: &Desk, next: &Listed, when: When) -> Result<Told, Failure> {
    let from = if when.after.is_some() { desk.at(next.run_at_ms) } else { desk.now };
    let plan = match (Request { what: next.text().to_owned(), when }).plan(&from) {
        Ok(plan) => plan,
        Err(question) => return Ok(desk.question(&question)),
    };
    let (id, to_ms) = MOVED.once(desk.call, || (next.id.clone(), millis(plan.at())))?;
    if !jobs::reschedule(&id, to_ms)? {
        return Ok(say(desk, "going_off", &[]).into());
    }
    let at = desk.at(to_ms);
    let text = say(desk, "moved", &[&desk.voice.moment(&at), at.timezone().name(), next.text()]);
    Ok(Told::about(text, &at, next.recurrence.as_deref()))
}

/// Sets it, in place of one that went off if it was one, or asks for what is missing.
fn finish(desk: &Desk, request: &Request, fired: Option<&Listed>) -> Result<Told, Failure> {
    let mut payload = json!({ "text": request.what });
    if let Some(fired) = fired {
        payload["again"] = (*fired.id).into();
    }
    match request.plan(&desk.now) {
        Ok(plan) => Ok(desk.promise(&desk.schedule(plan, payload)?, &request.what)),
        Err(question) => Ok(worded(desk, &question, desk.ask(&question)?)),
    }
}

/// What to remind of is asked for in words of this skill.
fn worded(desk: &Desk, question: &Question, told: Told) -> Told {
    match (question.ask, question.when.is_empty()) {
        (Ask::What, true) => Told { text: say(desk, "what_and_when", &[]), ..told },
        (Ask::What, false) => Told { text: say(desk, "what", &[]), ..told },
        _ => told,
    }
}
