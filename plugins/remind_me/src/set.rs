//! Setting a reminder, at once or after a question.

use crate::{
    Output,
    desk::{Desk, KIND, MAX_JOBS},
};
use serde::{Deserialize, Serialize};
use skillet_sdk::{
    Failure,
    jobs::{self, Job},
    kv,
    serde_json::json,
};
use skillet_when::{Answer, Ask, Plan, Question, Request, When, millis, rfc3339};

/// As long as the host takes a reminder's text.
const MAX_CHARS: usize = 4_000;

/// Later nobody remembers the question.
const LIFE_MS: u64 = 10 * 60 * 1_000;

/// A question that waits for its answer.
#[derive(Serialize, Deserialize)]
struct Asked {
    question: Question,
    at_ms: u64,
    /// The call that answered it; its retry finds the question still there.
    answered_by: Option<String>,
}

impl Desk<'_> {
    /// Sets what was said; what an open question still lacks may be in it.
    pub fn set(&self) -> Result<Output, Failure> {
        let input = &self.call.input;
        let mut request = Request::read(&input.text);
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
    pub fn answer(&self, text: &str) -> Result<Output, Failure> {
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

    /// Sets it, or asks for what is missing.
    pub fn finish(&self, request: &Request) -> Result<Output, Failure> {
        if request.what.chars().count() > MAX_CHARS {
            return Err(Failure::InvalidInput(self.say("too_long", &[&MAX_CHARS.to_string()]).text));
        }
        match request.plan(&self.now) {
            Ok(plan) => Ok(self.schedule(&request.what, plan)?.0),
            Err(question) => self.ask(*question),
        }
    }

    /// Sets it; the output and the id of the job.
    pub fn schedule(&self, what: &str, plan: Plan) -> Result<(Output, String), Failure> {
        // The same key for each attempt of this call.
        let job =
            Job::new(KIND, millis(plan.at())).payload(json!({ "text": what })).once_per(format!("{}:0", self.call.id));
        let id = plan.cron().map_or(job.clone(), |cron| job.every(cron)).schedule()?;
        self.close()?;
        // "In 10 minutes" was said at the first attempt.
        let made = (self.call.attempt > 1).then(|| jobs::list(MAX_JOBS)).transpose()?.unwrap_or_default();
        let at = made.iter().find(|job| job.id == id).map_or(*plan.at(), |job| self.at(job.run_at_ms));
        Ok((self.promise(what, &plan.moved(at)), id))
    }

    pub fn promise(&self, what: &str, plan: &Plan) -> Output {
        let (at, recurrence) = (Some(rfc3339(plan.at())), plan.cron().map(str::to_owned));
        Output { text: self.voice.promise(plan, what, &self.now), at, recurrence, ..Output::default() }
    }

    /// Asks, and keeps what is known until the answer comes.
    pub fn ask(&self, question: Question) -> Result<Output, Failure> {
        let output = self.put(&question);
        kv::set_json("asked", &Asked { question, at_ms: millis(&self.now), answered_by: None })?;
        Ok(output)
    }

    /// The question as an output; nothing is kept.
    pub fn put(&self, question: &Question) -> Output {
        let output = match question.ask {
            Ask::What if question.when.is_empty() => self.say("what_and_when", &[]),
            Ask::What => self.say("what", &[]),
            _ => Output { text: self.voice.question(question), ..Output::default() },
        };
        Output { needs: Some(question.ask.needs()), ..output }
    }

    fn asked(&self) -> Result<Option<Asked>, Failure> {
        let asked: Option<Asked> = kv::get_json("asked")?;
        let open = |asked: &Asked| asked.answered_by.as_ref().is_none_or(|call| *call == self.call.id);
        Ok(asked.filter(|asked| self.is_fresh(asked.at_ms, LIFE_MS) && open(asked)))
    }

    /// Nothing is asked any more.
    fn close(&self) -> Result<(), Failure> {
        let answered_by = Some(self.call.id.clone());
        self.asked()?.map_or(Ok(()), |asked| kv::set_json("asked", &Asked { answered_by, ..asked }))
    }
}
