//! Setting a reminder again, or back.

use crate::{
    Output,
    desk::{Desk, about, reminders},
};
use serde::{Deserialize, Serialize};
use skillet_sdk::{
    Failure,
    jobs::{self, Listed, State},
    kv,
};
use skillet_when::{Request, Span, When, millis, rfc3339};

const SNOOZE: Span = Span { months: 0, days: 0, seconds: 10 * 60 };

/// A reminder that went off, and the one that was set for it again.
#[derive(Serialize, Deserialize)]
struct Snoozed {
    of: String,
    again: String,
}

/// Where a call moves a reminder to; its retry must not move it further.
#[derive(Serialize, Deserialize)]
struct Moved {
    call: String,
    id: String,
    to_ms: u64,
}

/// The reminder that was set again for one that went off.
pub fn snoozed(fired: &Listed) -> Result<Option<String>, Failure> {
    let snoozed: Option<Snoozed> = kv::get_json("snoozed")?;
    Ok(snoozed.filter(|snoozed| snoozed.of == fired.id).map(|snoozed| snoozed.again))
}

impl Desk<'_> {
    pub fn snooze(&self, text: &str) -> Result<Output, Failure> {
        let Some(when) = how_long(text) else {
            return Ok(Output { needs: Some("time"), ..self.say("how_long", &[]) });
        };
        if let Some(fired) = reminders(State::Done)?.first() {
            return self.remind_again(fired, when);
        }
        match reminders(State::Waiting)?.first() {
            Some(next) => self.push_back(next, when),
            None => Ok(self.say("nothing_to_snooze", &[])),
        }
    }

    fn remind_again(&self, fired: &Listed, when: When) -> Result<Output, Failure> {
        let what = about(fired);
        let plan = match (Request { what: what.into(), when }).plan(&self.now) {
            Ok(plan) => plan,
            Err(question) => return self.ask(*question),
        };
        if let Some(again) = snoozed(fired)?
            && jobs::reschedule(&again, millis(plan.at()))?
        {
            return Ok(self.promise(what, &plan));
        }
        let (output, again) = self.schedule(what, plan)?;
        kv::set_json("snoozed", &Snoozed { of: fired.id.clone(), again })?;
        Ok(output)
    }

    /// Moves a reminder that has not gone off yet, and says which.
    fn push_back(&self, next: &Listed, when: When) -> Result<Output, Failure> {
        let from = if when.after.is_some() { self.at(next.run_at_ms) } else { self.now };
        let plan = match (Request { what: about(next).into(), when }).plan(&from) {
            Ok(plan) => plan,
            Err(question) => return Ok(self.put(&question)),
        };
        let before: Option<Moved> = kv::get_json("moved")?;
        let moved = before.filter(|moved| moved.call == self.call.id).unwrap_or_else(|| Moved {
            call: self.call.id.clone(),
            id: next.id.clone(),
            to_ms: millis(plan.at()),
        });
        kv::set_json("moved", &moved)?;
        if !jobs::reschedule(&moved.id, moved.to_ms)? {
            return Ok(self.say("going_off", &[]));
        }
        let at = self.at(moved.to_ms);
        let said = self.say("moved", &[&self.voice.moment(&at), at.timezone().name(), about(next)]);
        Ok(Output { at: Some(rfc3339(&at)), recurrence: next.recurrence.clone(), ..said })
    }
}

/// `None`: it is not understood.
fn how_long(text: &str) -> Option<When> {
    const BEFORE: &str = "it |for |until |till |to |by |reminder ";
    let mut plain = text.trim();
    while let Some(shorter) = BEFORE.split('|').find_map(|word| plain.strip_prefix(word)) {
        plain = shorter.trim();
    }
    if plain.is_empty() {
        return Some(SNOOZE.into());
    }
    let when = Request::read_loosely(plain).when;
    (!when.is_empty() && when.every.is_none()).then_some(when)
}
