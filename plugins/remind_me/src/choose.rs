//! Which reminder is meant, and what is done with those that are there.

use crate::{
    Numbered, Output,
    desk::{Desk, about, reminders},
    snooze::snoozed,
};
use serde::{Deserialize, Serialize};
use skillet_sdk::{
    Failure,
    jobs::{self, Listed, State},
    kv,
};
use skillet_when::{millis, number, rfc3339};

/// So long the numbers of a list mean what they meant in it.
const LIST_LIFE_MS: u64 = 60 * 60 * 1_000;

/// Words that only name a reminder: "the reminder about **tea**", "第**二**个提醒".
const ALONE: &str = "reminder|reminders|the|my|it|that|我|alarm";
const FIRST: &str =
    "the |my |reminders |reminder |about |to |for |of |number |no. |that |that's |#|把|将|我的|那个|这个|关于|提醒|第";
const LAST: &str = " reminders| reminder| one| please| alarm|的提醒|提醒|的闹钟|闹钟|的|个|条|号|掉|了|吧";

/// The reminders of the last list, in its order.
#[derive(Serialize, Deserialize)]
struct Shown {
    ids: Vec<String>,
    at_ms: u64,
}

#[derive(Debug, PartialEq, Eq)]
enum Which {
    /// Nothing was said: the only one there is.
    Only,
    All,
    Number(usize),
    Last,
    Words(String),
}

impl Desk<'_> {
    pub fn list(&self) -> Result<Output, Failure> {
        let waiting = reminders(State::Waiting)?;
        if waiting.is_empty() {
            return Ok(Output { jobs: Some(Vec::new()), ..self.say("none", &[]) });
        }
        self.numbered(self.say("heading", &[self.now.timezone().name()]), &waiting.iter().collect::<Vec<_>>())
    }

    pub fn cancel(&self, text: &str) -> Result<Output, Failure> {
        let mut open = reminders(State::Waiting)?;
        if self.call.attempt > 1 {
            // The first attempt may have cancelled the one that is named.
            open.extend(reminders(State::Cancelled)?);
        }
        self.each(&open, text, |one| {
            let gone = jobs::cancel(&one.id)? || one.state == State::Cancelled;
            Ok(self.say(if gone { "cancelled" } else { "gone_off" }, &[about(one)]))
        })
    }

    pub fn done(&self, text: &str) -> Result<Output, Failure> {
        let (fired, which) = (reminders(State::Done)?, which(text));
        let finished = match &which {
            Which::Only => fired.first(),
            Which::Words(words) => matching(&fired, words).first().copied(),
            _ => None,
        };
        if let Some(one) = finished {
            if let Some(again) = snoozed(one)? {
                jobs::cancel(&again)?;
            }
            return Ok(self.say("done", &[about(one)]));
        }
        if which == Which::Only {
            return Ok(self.say("nothing_done", &[]));
        }
        // What repeats stays; what was to come once is not needed any more.
        self.each(&reminders(State::Waiting)?, text, |one| {
            if one.recurrence.is_some() {
                return Ok(self.say("done_repeats", &[&self.voice.moment(&self.at(one.run_at_ms)), about(one)]));
            }
            jobs::cancel(&one.id)?;
            Ok(self.say("done_early", &[about(one)]))
        })
    }

    /// A list, whose numbers are kept for what is said next.
    fn numbered(&self, mut output: Output, reminders: &[&Listed]) -> Result<Output, Failure> {
        let ids = reminders.iter().map(|one| one.id.clone()).collect();
        kv::set_json("listed", &Shown { ids, at_ms: millis(&self.now) })?;
        let mut jobs = Vec::new();
        for (number, one) in (1..).zip(reminders) {
            let (text, at, recurrence) = (about(one), self.at(one.run_at_ms), one.recurrence.clone());
            output.text += &format!("\n{number}. {}", self.voice.line(text, &at, recurrence.as_deref()));
            let reminder = Output { text: text.into(), at: Some(rfc3339(&at)), recurrence, ..Output::default() };
            jobs.push(Numbered { number, reminder });
        }
        Ok(Output { jobs: Some(jobs), ..output })
    }

    /// Does something with the ones that are meant and says what, or asks which one.
    fn each(
        &self,
        open: &[Listed],
        text: &str,
        act: impl Fn(&Listed) -> Result<Output, Failure>,
    ) -> Result<Output, Failure> {
        let which = which(text);
        let meant: Vec<&Listed> = match &which {
            _ if open.is_empty() => return Ok(self.say("none", &[])),
            Which::Only | Which::All => open.iter().collect(),
            Which::Last => open.last().into_iter().collect(),
            Which::Number(number) => match self.of_number(open, *number)? {
                Some(one) => vec![one],
                None => return Ok(self.say("no_number", &[&number.to_string()])),
            },
            Which::Words(words) => matching(open, words),
        };
        match meant[..] {
            [] => Ok(self.say("no_such", &[text.trim()])),
            [_, _, ..] if which != Which::All => {
                Ok(Output { needs: Some("which"), ..self.numbered(self.say("which", &[]), &meant)? })
            }
            _ => {
                let said: Result<Vec<String>, Failure> = meant.into_iter().map(|one| Ok(act(one)?.text)).collect();
                Ok(Output { text: said?.join("\n"), ..Output::default() })
            }
        }
    }

    /// The reminder of a number in the list that was shown last; what was set since comes behind those of it.
    fn of_number<'a>(&self, open: &'a [Listed], number: usize) -> Result<Option<&'a Listed>, Failure> {
        let Some(at) = number.checked_sub(1) else { return Ok(None) };
        let shown: Option<Shown> = kv::get_json("listed")?;
        let shown = shown.filter(|shown| self.is_fresh(shown.at_ms, LIST_LIFE_MS));
        Ok(match shown.as_ref().and_then(|shown| shown.ids.get(at)) {
            Some(id) => open.iter().find(|one| one.id == *id),
            None => open.get(at),
        })
    }
}

fn which(text: &str) -> Which {
    let plain = plain(text);
    match (&*plain, number(&plain)) {
        ("", _) => Which::Only,
        ("all" | "all my" | "all the" | "all of them" | "everything" | "全部" | "所有" | "全" | "都", _) => {
            Which::All
        }
        ("last" | "最后" | "最后一", _) => Which::Last,
        ("next" | "下一" | "下", _) => Which::Number(1),
        (_, Some(number)) => Which::Number(number as usize),
        _ => Which::Words(plain),
    }
}

fn plain(text: &str) -> String {
    let around = |c: char| c.is_whitespace() || ".!?。！？,，:：\"“”「」'".contains(c);
    let lower = text.to_lowercase();
    let mut plain = lower.trim_matches(around);
    loop {
        let first = || FIRST.split('|').find_map(|word| plain.strip_prefix(word));
        let last = || LAST.split('|').find_map(|word| plain.strip_suffix(word));
        match if ALONE.split('|').any(|word| word == plain) { Some("") } else { first().or_else(last) } {
            Some(shorter) => plain = shorter.trim_matches(around),
            None => return plain.to_owned(),
        }
    }
}

/// Those with the words in their text: in a row if there are such ones, else each of them somewhere.
fn matching<'a>(reminders: &'a [Listed], words: &str) -> Vec<&'a Listed> {
    let having = |parts: &[&str]| -> Vec<&'a Listed> {
        let has = |one: &&Listed| parts.iter().all(|part| about(one).to_lowercase().contains(part));
        reminders.iter().filter(has).collect()
    };
    let whole = having(&[words]);
    if whole.is_empty() { having(&words.split_whitespace().collect::<Vec<_>>()) } else { whole }
}

#[cfg(test)]
mod tests;
