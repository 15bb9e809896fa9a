//! Setting a reminder again, or back.

use crate::{
    Output,
    actions::of_state,
    desk::{Desk, Reminder, World, ms},
    parse, pending,
    readback::{self, ended},
    resolve::{Plan, resolve},
    rfc3339,
    set::{plain, schedule},
    when::{Span, When},
};
use serde::{Deserialize, Serialize};
use skillet_sdk::{Failure, jobs::State};

const SNOOZED: &str = "snoozed";
const MOVED: &str = "moved";

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
pub fn snoozed<W: World>(desk: &Desk<W>, fired: &Reminder) -> Result<Option<String>, Failure> {
    let snoozed: Option<Snoozed> = desk.recall(SNOOZED)?;
    Ok(snoozed.filter(|snoozed| snoozed.of == fired.id).map(|snoozed| snoozed.again))
}

pub fn snooze<W: World>(desk: &mut Desk<W>, text: &str) -> Result<Output, Failure> {
    let Some(when) = how_long(text) else {
        let text = desk.say(
            "For how long? For example: snooze 10 minutes, snooze until 5pm.".into(),
            "推迟多久？例如：推迟10分钟、推迟到下午五点。".into(),
        );
        return Ok(Output { needs: Some("time"), ..plain(text) });
    };
    let all = desk.world.reminders()?;
    if let Some(fired) = of_state(&all, State::Done).first() {
        return remind_again(desk, fired, &when);
    }
    match of_state(&all, State::Waiting).first() {
        Some(next) => push_back(desk, next, &when),
        None => Ok(plain(desk.say("There is nothing to snooze.".into(), "没有可以推迟的提醒。".into()))),
    }
}

/// `None`: it is not understood.
fn how_long(text: &str) -> Option<When> {
    const BEFORE: [&str; 7] = ["it ", "for ", "until ", "till ", "to ", "by ", "reminder "];
    let mut plain = text.trim();
    while let Some(shorter) = BEFORE.iter().find_map(|word| plain.strip_prefix(word)) {
        plain = shorter.trim();
    }
    if plain.is_empty() {
        return Some(SNOOZE.into());
    }
    let when = parse(plain, true).when;
    (!when.is_empty() && when.every.is_none()).then_some(when)
}

fn remind_again<W: World>(desk: &mut Desk<W>, fired: &Reminder, when: &When) -> Result<Output, Failure> {
    let plan = match resolve(when, &desk.now) {
        Ok(plan) => plan,
        Err(question) => return pending::ask(desk, &fired.text, *question),
    };
    if let (Some(again), Plan::Once { at, .. }) = (snoozed(desk, fired)?, &plan)
        && desk.world.reschedule(&again, ms(at))?
    {
        let text = readback::set(&plan, &fired.text, &desk.now, desk.chinese);
        return Ok(Output { at: Some(rfc3339(at)), ..plain(text) });
    }
    let (output, again) = schedule(desk, &fired.text, &plan)?;
    desk.keep(SNOOZED, &Snoozed { of: fired.id.clone(), again })?;
    Ok(output)
}

/// Moves a reminder that has not gone off yet, and says which.
fn push_back<W: World>(desk: &mut Desk<W>, next: &Reminder, when: &When) -> Result<Output, Failure> {
    let due = desk.at(next.at_ms);
    let plan = resolve(when, if when.after.is_some() { &due } else { &desk.now });
    let at = match plan {
        Ok(Plan::Once { at, .. } | Plan::Again { first: at, .. }) => at,
        Err(question) => return Ok(pending::put(desk, &next.text, &question)),
    };
    let before: Option<Moved> = desk.recall(MOVED)?;
    let moved = match before {
        Some(moved) if moved.call == desk.call => moved,
        _ => Moved { call: desk.call.to_owned(), id: next.id.clone(), to_ms: ms(&at) },
    };
    desk.keep(MOVED, &moved)?;
    if !desk.world.reschedule(&moved.id, moved.to_ms)? {
        return Ok(plain(desk.say("It is just going off.".into(), "正在提醒，推迟不了。".into())));
    }
    let at = desk.at(moved.to_ms);
    let (zone, what) = (at.timezone(), &next.text);
    let text = desk.say(
        ended(
            format!(
                "Nothing has gone off in the last day, so I moved the next one to {} ({zone}): {what}",
                readback::moment(&at, false)
            ),
            '.',
        ),
        ended(
            format!("最近一天没有响过的提醒，所以把下一个推迟到 {}（{zone}）：{what}", readback::moment(&at, true)),
            '。',
        ),
    );
    Ok(Output { at: Some(rfc3339(&at)), recurrence: next.recurrence.clone(), ..plain(text) })
}
