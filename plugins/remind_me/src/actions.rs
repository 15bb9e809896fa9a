//! What is done with reminders that are there.

use crate::{
    Job, Output,
    desk::{Desk, Reminder, World},
    readback::{self, ended, line},
    rfc3339,
    set::plain,
    snooze::snoozed,
    which::{Which, matching, which},
};
use serde::{Deserialize, Serialize};
use skillet_sdk::{Failure, jobs::State};

const LISTED: &str = "listed";

/// So long the numbers of a list mean what they meant in it.
const LIST_LIFE_MS: u64 = 60 * 60 * 1_000;

/// The reminders of the last list, in its order.
#[derive(Serialize, Deserialize)]
struct Listed {
    ids: Vec<String>,
    at_ms: u64,
}

enum Choice<'a> {
    These(Vec<&'a Reminder>),
    Answer(Output),
}

pub fn of_state(reminders: &[Reminder], state: State) -> Vec<&Reminder> {
    reminders.iter().filter(|reminder| reminder.state == state).collect()
}

pub fn list<W: World>(desk: &mut Desk<W>) -> Result<Output, Failure> {
    let all = desk.world.reminders()?;
    let waiting = of_state(&all, State::Waiting);
    if waiting.is_empty() {
        return Ok(Output { jobs: Some(Vec::new()), ..none(desk) });
    }
    let zone = desk.now.timezone();
    let heading = desk.say(format!("Your reminders ({zone}):"), format!("你的提醒（{zone}）："));
    numbered(desk, &heading, &waiting)
}

fn none<W: World>(desk: &Desk<W>) -> Output {
    plain(desk.say("You have no reminders.".into(), "你没有提醒。".into()))
}

/// A list, whose numbers are kept for what is said next.
fn numbered<W: World>(desk: &mut Desk<W>, heading: &str, reminders: &[&Reminder]) -> Result<Output, Failure> {
    let ids = reminders.iter().map(|reminder| reminder.id.clone()).collect();
    let at_ms = desk.world.now_ms();
    desk.keep(LISTED, &Listed { ids, at_ms })?;
    let mut text = heading.to_owned();
    let mut jobs = Vec::new();
    for (number, reminder) in (1..).zip(reminders) {
        let at = desk.at(reminder.at_ms);
        let line = line(&reminder.text, &at, reminder.recurrence.as_deref(), desk.chinese);
        text = format!("{text}\n{number}. {line}");
        let recurrence = reminder.recurrence.clone();
        jobs.push(Job { number, text: reminder.text.clone(), at: rfc3339(&at), recurrence });
    }
    Ok(Output { jobs: Some(jobs), ..plain(text) })
}

fn choose<'a, W: World>(desk: &mut Desk<W>, open: &[&'a Reminder], text: &str) -> Result<Choice<'a>, Failure> {
    let unknown = |english: String, chinese: String, desk: &Desk<W>| Choice::Answer(plain(desk.say(english, chinese)));
    let found = match which(text) {
        _ if open.is_empty() => return Ok(Choice::Answer(none(desk))),
        Which::Only | Which::All => open.to_vec(),
        Which::Last => open.last().copied().into_iter().collect(),
        Which::Number(number) => match numbered_so(desk, open, number)? {
            Some(reminder) => vec![reminder],
            None => {
                return Ok(unknown(format!("There is no reminder {number}."), format!("没有第{number}个提醒。"), desk));
            }
        },
        Which::Words(words) => matching(open, &words),
    };
    Ok(match (&*found, which(text)) {
        ([], _) => {
            let about = text.trim();
            unknown(format!("There is no such reminder: {about}"), format!("没有这个提醒：{about}"), desk)
        }
        ([_], _) | (_, Which::All) => Choice::These(found),
        _ => {
            let heading = desk.say("Which one? Say its number.".into(), "哪一个？请说编号。".into());
            let list = numbered(desk, &heading, &found)?;
            Choice::Answer(Output { needs: Some("which"), ..list })
        }
    })
}

/// The reminder of a number in the list that was shown last, or in the order of time.
fn numbered_so<'a, W: World>(
    desk: &Desk<W>,
    open: &[&'a Reminder],
    number: usize,
) -> Result<Option<&'a Reminder>, Failure> {
    let Some(at) = number.checked_sub(1) else { return Ok(None) };
    let listed: Option<Listed> = desk.recall(LISTED)?;
    let fresh = listed.filter(|listed| desk.world.now_ms() < listed.at_ms.saturating_add(LIST_LIFE_MS));
    Ok(match fresh.as_ref().and_then(|listed| listed.ids.get(at)) {
        Some(id) => open.iter().find(|reminder| reminder.id == *id).copied(),
        // What was set since comes behind those of the list.
        None => open.get(at).copied(),
    })
}

pub fn cancel<W: World>(desk: &mut Desk<W>, text: &str) -> Result<Output, Failure> {
    let all = desk.world.reminders()?;
    let mut open = of_state(&all, State::Waiting);
    if desk.retried {
        // The first attempt may have cancelled the one that is named.
        open.extend(of_state(&all, State::Cancelled));
    }
    let chosen = match choose(desk, &open, text)? {
        Choice::These(chosen) => chosen,
        Choice::Answer(output) => return Ok(output),
    };
    let mut lines = Vec::new();
    for reminder in chosen {
        let what = &reminder.text;
        let gone = desk.world.cancel(&reminder.id)? || reminder.state == State::Cancelled;
        lines.push(if gone {
            desk.say(ended(format!("Cancelled: {what}"), '.'), ended(format!("已取消：{what}"), '。'))
        } else {
            desk.say(ended(format!("Already gone off: {what}"), '.'), ended(format!("已经提醒过了：{what}"), '。'))
        });
    }
    Ok(plain(lines.join("\n")))
}

pub fn done<W: World>(desk: &mut Desk<W>, text: &str) -> Result<Output, Failure> {
    let all = desk.world.reminders()?;
    let fired = of_state(&all, State::Done);
    let finished = match which(text) {
        Which::Only => fired.first().copied(),
        Which::Words(words) => matching(&fired, &words).first().copied(),
        _ => None,
    };
    if let Some(reminder) = finished {
        if let Some(again) = snoozed(desk, reminder)? {
            desk.world.cancel(&again)?;
        }
        let what = &reminder.text;
        return Ok(plain(desk.say(ended(format!("Done: {what}"), '.'), ended(format!("好，已完成：{what}"), '。'))));
    }
    if which(text) == Which::Only {
        return Ok(plain(
            desk.say("Well done! There was no reminder to tick off.".into(), "好的！没有要勾掉的提醒。".into()),
        ));
    }
    let waiting = of_state(&all, State::Waiting);
    match choose(desk, &waiting, text)? {
        Choice::These(reminders) => {
            let lines: Result<Vec<String>, Failure> =
                reminders.iter().map(|reminder| done_before_time(desk, reminder)).collect();
            Ok(plain(lines?.join("\n")))
        }
        Choice::Answer(output) => Ok(output),
    }
}

/// What repeats stays; what was to come once is not needed any more.
fn done_before_time<W: World>(desk: &mut Desk<W>, reminder: &Reminder) -> Result<String, Failure> {
    let what = &reminder.text;
    if reminder.recurrence.is_some() {
        let next = readback::moment(&desk.at(reminder.at_ms), desk.chinese);
        return Ok(desk.say(
            ended(format!("Done. It repeats, next on {next}: {what}"), '.'),
            ended(format!("好，已完成。下次提醒是 {next}：{what}"), '。'),
        ));
    }
    desk.world.cancel(&reminder.id)?;
    Ok(desk.say(
        ended(format!("Done, I won't remind you any more: {what}"), '.'),
        ended(format!("好，已完成，不再提醒：{what}"), '。'),
    ))
}
