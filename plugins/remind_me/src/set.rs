//! Setting a reminder, at once, after a question, or again.

use crate::desk::{Desk, KIND, MAX_JOBS, NOUNS, about, reminders};
use crate::{Failure, Output, Said};
use skillet_sdk::jobs::{self, Job, Listed, State};
use skillet_sdk::{kv, serde_json::json};
use skillet_when::{Answer, Ask, Pending, Plan, Question, Request, Span, When, Which, millis};

/// As long as the host takes a reminder's text.
const MAX_CHARS: usize = 4_000;

const SNOOZE: Span = Span { months: 0, days: 0, seconds: 10 * 60 };

/// The job that was set again for one that went off.
pub fn snoozed(fired: &Listed) -> Result<Option<String>, Failure> {
    let of_which: Option<(String, String)> = kv::get_json("again")?;
    Ok(of_which.filter(|(of, _)| *of == fired.id).map(|(_, again)| again))
}

impl Desk<'_> {
    /// Sets what was said; what an open question still lacks may be in it.
    pub fn set(&self) -> Said {
        let (input, mut request) = (&self.call.input, Request::read(&self.call.input.text));
        if !input.what.trim().is_empty() {
            input.what.trim().clone_into(&mut request.what);
        }
        if !input.when.trim().is_empty() {
            let unclear = || Failure::InvalidInput(self.say("unclear", &[input.when.trim()]).text);
            request.when = When::read(&input.when, self.now.timezone()).ok_or_else(unclear)?;
        }
        match self.asked()? {
            Some(asked) => self.finish(&asked.question.completed_by(request)),
            None => self.finish(&request),
        }
    }

    /// Completes the reminder that a question was asked about.
    pub fn answer(&self, text: &str) -> Said {
        let Some(asked) = self.asked()? else {
            let request = Request::read(text);
            let whole = !request.what.is_empty() && !request.when.is_empty();
            return if whole { self.finish(&request) } else { Ok(self.say("unasked", &[])) };
        };
        match asked.question.answer(text) {
            Answer::Known(request) => self.finish(&request),
            Answer::No => self.close().map(|()| self.say("not_set", &[])),
            Answer::Unclear => {
                let again = self.put(&asked.question);
                Ok(Output { text: self.say("no_time", &[&again.text]).text, ..again })
            }
        }
    }

    /// Sets the newest one again that went off, or the next one back.
    pub fn snooze(&self, text: &str) -> Said {
        let when = match Which::read(text, NOUNS) {
            Which::Only => Some(SNOOZE.into()),
            _ => When::read(text, self.now.timezone()).filter(|when| when.every.is_none()),
        };
        let (fired, waiting) = (reminders(State::Done)?, reminders(State::Waiting)?);
        match (when, &fired[..], &waiting[..]) {
            (None, ..) => Ok(Output { needs: Some("time"), ..self.say("how_long", &[]) }),
            (Some(when), [fired, ..], _) => self.remind_again(fired, when),
            (Some(when), [], [next, ..]) => self.push_back(next, when),
            (Some(_), [], []) => Ok(self.say("nothing_to_snooze", &[])),
        }
    }

    fn remind_again(&self, fired: &Listed, when: When) -> Said {
        let request = Request { what: about(fired).to_owned(), when };
        let plan = match request.plan(&self.now) {
            Ok(plan) => plan,
            Err(question) => return self.ask(*question),
        };
        if let Some(again) = snoozed(fired)?
            && jobs::reschedule(&again, millis(plan.at()))?
        {
            return Ok(self.promise(&request.what, &plan));
        }
        let (output, again) = self.schedule(&request.what, plan)?;
        kv::set_json("again", &(&fired.id, again))?;
        Ok(output)
    }

    /// Moves a reminder that has not gone off yet, and says which.
    fn push_back(&self, next: &Listed, when: When) -> Said {
        let from = if when.after.is_some() { self.at(next.run_at_ms) } else { self.now };
        let plan = match (Request { what: about(next).to_owned(), when }).plan(&from) {
            Ok(plan) => plan,
            Err(question) => return Ok(self.put(&question)),
        };
        // Its retry must not move it further.
        let before: Option<(String, String, u64)> = kv::get_json("set_back")?;
        let this = (self.call.id.clone(), next.id.clone(), millis(plan.at()));
        let this = before.filter(|(call, ..)| *call == self.call.id).unwrap_or(this);
        kv::set_json("set_back", &this)?;
        let (_, id, to_ms) = this;
        if !jobs::reschedule(&id, to_ms)? {
            return Ok(self.say("going_off", &[]));
        }
        let at = self.at(to_ms);
        let said = self.say("moved", &[&self.voice.moment(&at), at.timezone().name(), about(next)]);
        Ok(Self::timed(said.text, &at, next.recurrence.as_deref()))
    }

    /// Sets it, or asks for what is missing.
    fn finish(&self, request: &Request) -> Said {
        if request.what.chars().count() > MAX_CHARS {
            return Err(Failure::InvalidInput(self.say("too_long", &[&MAX_CHARS.to_string()]).text));
        }
        match request.plan(&self.now) {
            Ok(plan) => Ok(self.schedule(&request.what, plan)?.0),
            Err(question) => self.ask(*question),
        }
    }

    /// Sets it; the output and the id of the job.
    fn schedule(&self, what: &str, plan: Plan) -> Result<(Output, String), Failure> {
        let job = Job::new(KIND, millis(plan.at())).payload(json!({ "text": what }));
        // The same key for each attempt of this call.
        let job = job.once_per(format!("{}:0", self.call.id));
        let id = plan.cron().map_or(job.clone(), |cron| job.every(cron)).schedule()?;
        self.close()?;
        // "In 10 minutes" was said at the first attempt.
        let made = if self.call.attempt > 1 { jobs::list(MAX_JOBS)? } else { Vec::new() };
        let at = made.iter().find(|job| job.id == id).map_or(*plan.at(), |job| self.at(job.run_at_ms));
        Ok((self.promise(what, &plan.moved(at)), id))
    }

    fn promise(&self, what: &str, plan: &Plan) -> Output {
        Self::timed(self.voice.promise(plan, what, &self.now), plan.at(), plan.cron())
    }

    /// Asks, and keeps what is known until the answer comes.
    fn ask(&self, question: Question) -> Said {
        let output = self.put(&question);
        kv::set_json("asked", &Pending::new(question, &self.now))?;
        Ok(output)
    }

    /// The question as an output; nothing is kept.
    fn put(&self, question: &Question) -> Output {
        let output = match question.ask {
            Ask::What => self.say(if question.when.is_empty() { "what_and_when" } else { "what" }, &[]),
            _ => Output { text: self.voice.question(question), ..Output::default() },
        };
        Output { needs: Some(question.ask.needs()), ..output }
    }

    fn asked(&self) -> Result<Option<Pending>, Failure> {
        let pending: Option<Pending> = kv::get_json("asked")?;
        Ok(pending.and_then(|pending| pending.open(&self.call.id, &self.now)))
    }

    /// Nothing is asked any more.
    fn close(&self) -> Result<(), Failure> {
        self.asked()?.map_or(Ok(()), |asked| kv::set_json("asked", &asked.answered(&self.call.id)))
    }
}
