//! What is done with reminders that are there.

use crate::desk::{Desk, NOUNS, about, reminders};
use crate::{Failure, Output, Said, set::snoozed};
use skillet_sdk::jobs::{self, Listed, State};
use skillet_sdk::kv;
use skillet_when::{Shown, Which};

impl Desk<'_> {
    pub fn list(&self) -> Said {
        let waiting = reminders(State::Waiting)?;
        if waiting.is_empty() {
            return Ok(Output { jobs: Some(Vec::new()), ..self.say("none", &[]) });
        }
        self.numbered(self.say("heading", &[self.now.timezone().name()]), waiting.iter().collect())
    }

    pub fn cancel(&self, text: &str) -> Said {
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

    pub fn done(&self, text: &str) -> Said {
        let (fired, which) = (reminders(State::Done)?, Which::read(text, NOUNS));
        let of_words = matches!(which, Which::Only | Which::Words(_));
        if let Some(one) = which.of(&fired, about).first().filter(|_| of_words) {
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
    fn numbered(&self, mut list: Output, reminders: Vec<&Listed>) -> Said {
        kv::set_json("listed", &Shown::new(reminders.iter().map(|one| one.id.clone()), &self.now))?;
        let mut jobs = Vec::new();
        for (number, one) in (1..).zip(reminders) {
            let (at, recurrence) = (self.at(one.run_at_ms), one.recurrence.as_deref());
            list.text = format!("{}\n{number}. {}", list.text, self.voice.line(about(one), &at, recurrence));
            jobs.push(Output { number: Some(number), ..Self::timed(about(one).to_owned(), &at, recurrence) });
        }
        Ok(Output { jobs: Some(jobs), ..list })
    }

    /// Does something with the ones that are meant and says what, or asks which one.
    fn each(&self, open: &[Listed], text: &str, act: impl Fn(&Listed) -> Said) -> Said {
        let (which, shown) = (Which::read(text, NOUNS), kv::get_json::<Shown>("listed")?.unwrap_or_default());
        let meant = shown.meant(&which, open, &self.now, |one| &one.id, about);
        Ok(match (&meant[..], which) {
            _ if open.is_empty() => self.say("none", &[]),
            ([], Which::Number(number)) => self.say("no_number", &[&number.to_string()]),
            ([], _) => self.say("no_such", &[text.trim()]),
            ([_], _) | (_, Which::All) => {
                let said: Result<Vec<String>, Failure> = meant.into_iter().map(|one| Ok(act(one)?.text)).collect();
                Output { text: said?.join("\n"), ..Output::default() }
            }
            _ => Output { needs: Some("which"), ..self.numbered(self.say("which", &[]), meant)? },
        })
    }
}
