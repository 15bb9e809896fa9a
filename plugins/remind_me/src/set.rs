//! Setting a reminder, at once or after a question.

use crate::{
    Output, Said,
    desk::{Desk, NewReminder, World, ms},
    parse,
    pending::{self, Pending},
    questions, readback,
    resolve::{Ask, Moment, Plan, Question, on, resolve},
    rfc3339,
    when::When,
};
use skillet_sdk::Failure;

/// As long as the host takes a reminder's text.
const MAX_CHARS: usize = 4_000;

/// Sets what was said; what an open question still lacks may be in it.
pub fn set<W: World>(desk: &mut Desk<W>, said: Said) -> Result<Output, Failure> {
    let Said { what, when } = said;
    match pending::find(desk)? {
        Some(asked) if asked.ask == Ask::What && when.is_empty() && !what.is_empty() => {
            finish(desk, &what, &asked.when)
        }
        Some(asked) if what.is_empty() && !when.is_empty() && !asked.what.is_empty() => {
            finish(desk, &asked.what, &asked.when.answered(&when))
        }
        _ => finish(desk, &what, &when),
    }
}

/// Completes the reminder that a question was asked about.
pub fn answer<W: World>(desk: &mut Desk<W>, text: &str) -> Result<Output, Failure> {
    let Some(asked) = pending::find(desk)? else { return unasked(desk, text) };
    if questions::is_no(text) {
        pending::close(desk)?;
        return Ok(plain(desk.say("All right, no reminder is set.".into(), "好，没有设置提醒。".into())));
    }
    if let Some(yes) = asked.yes.as_ref().filter(|_| questions::is_yes(text)) {
        return finish(desk, &asked.what, yes);
    }
    let said = parse(text, true);
    if asked.ask == Ask::What {
        let (what, when) = to_what(&asked, said, text);
        return finish(desk, &what, &when);
    }
    if said.when.is_empty() {
        let question = Question { ask: asked.ask, when: asked.when, yes: asked.yes };
        let again = pending::put(desk, &asked.what, &question);
        let text =
            desk.say(format!("I don't see a time in that. {}", again.text), format!("没看出时间。{}", again.text));
        return Ok(Output { text, ..again });
    }
    let what = if asked.what.is_empty() { said.what } else { asked.what };
    finish(desk, &what, &asked.when.answered(&said.when))
}

/// An answer to "what?". Times in it belong to it, unless it is nothing else or none is known.
fn to_what(asked: &Pending, said: Said, text: &str) -> (String, When) {
    if said.what.is_empty() {
        return (String::new(), asked.when.answered(&said.when));
    }
    if asked.when.is_empty() { (said.what, said.when) } else { (parse(text, false).what_or(text), asked.when.clone()) }
}

impl Said {
    /// The whole text, where it has a time in it.
    fn what_or(self, text: &str) -> String {
        if self.when.is_empty() { self.what } else { text.to_owned() }
    }
}

/// An answer when nothing was asked.
fn unasked<W: World>(desk: &mut Desk<W>, text: &str) -> Result<Output, Failure> {
    let said = parse(text, false);
    if !said.what.is_empty() && !said.when.is_empty() {
        return finish(desk, &said.what, &said.when);
    }
    Ok(plain(desk.say(
        "I'm not waiting for a time. To set a reminder, write for example: remind me tomorrow at 3pm to call Dr Wang."
            .into(),
        "现在没有等着定时间的提醒。可以这样说：明天下午三点提醒我给王医生打电话。".into(),
    )))
}

/// Sets it, or asks for what is missing.
pub fn finish<W: World>(desk: &mut Desk<W>, what: &str, when: &When) -> Result<Output, Failure> {
    if what.chars().count() > MAX_CHARS {
        let long = desk
            .say(format!("a reminder has {MAX_CHARS} characters at most"), format!("提醒内容最多 {MAX_CHARS} 个字"));
        return Err(Failure::InvalidInput(long));
    }
    match resolve(when, &desk.now) {
        Ok(plan) if what.is_empty() => {
            let question = Question { ask: Ask::What, when: kept(&plan, when), yes: None };
            pending::ask(desk, what, question)
        }
        Ok(plan) => Ok(schedule(desk, what, &plan)?.0),
        Err(question) if what.is_empty() && question.ask == Ask::When => {
            pending::ask(desk, what, Question { ask: Ask::What, ..*question })
        }
        Err(question) => pending::ask(desk, what, *question),
    }
}

/// The time for as long as it is not known what it is for: a day stays the same, a length begins with the answer.
fn kept(plan: &Plan, when: &When) -> When {
    match plan {
        Plan::Once { at, span: None } => When { day: Some(on(at.date_naive())), ..crate::exactly(at) },
        _ => when.clone(),
    }
}

/// Sets it; the output and the id of the job.
pub fn schedule<W: World>(desk: &mut Desk<W>, what: &str, plan: &Plan) -> Result<(Output, String), Failure> {
    let (at, recurrence) = match plan {
        Plan::Once { at, .. } => (at, None),
        Plan::Again { first, cron, .. } => (first, Some(cron.as_str())),
    };
    // The same for each attempt of this call.
    let key = format!("{}:0", desk.call);
    let id = desk.world.schedule(NewReminder { text: what, at_ms: ms(at), recurrence, key: &key })?;
    pending::close(desk)?;
    let at = if desk.retried { set_before(desk, &id)?.unwrap_or(*at) } else { *at };
    let (plan, recurrence) = (plan.clone().moved(at), recurrence.map(str::to_owned));
    let output = Output {
        text: readback::set(&plan, what, &desk.now, desk.chinese),
        at: Some(rfc3339(&at)),
        recurrence,
        ..Output::default()
    };
    Ok((output, id))
}

/// When a job that an earlier attempt made goes off: "in 10 minutes" was said then.
fn set_before<W: World>(desk: &Desk<W>, id: &str) -> Result<Option<Moment>, Failure> {
    let reminders = desk.world.reminders()?;
    Ok(reminders.iter().find(|reminder| reminder.id == id).map(|reminder| desk.at(reminder.at_ms)))
}

pub fn plain(text: String) -> Output {
    Output { text, ..Output::default() }
}
