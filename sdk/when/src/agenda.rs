//! What a skill works with that does something at times which people say.

use crate::{Entry, Moment, Plan, Question, Told, Voice, Which, millis, moment, rfc3339};
use skillet_sdk::{
    Call, Failure, clock,
    jobs::{self, Job, Listed, State},
    kv::Slot,
    serde_json::Value,
};

const MINUTE_MS: u64 = 60 * 1_000;

/// Later nobody remembers a question.
const ASKED: Slot<Question> = Slot::new("asked", 10 * MINUTE_MS);

/// So long the numbers of a list mean what they meant in it.
const SHOWN: Slot<Vec<String>> = Slot::new("shown", 60 * MINUTE_MS);

/// The jobs of one kind, as a call finds them: with the time that it is for the person, the question that is open, and
/// the list that was shown last. Needs the capabilities `jobs` and `kv`; a retried call changes nothing twice.
///
/// ```
/// use skillet_sdk::{Call, Failure, jobs::State, serde_json::json, testing};
/// use skillet_when::{Agenda, Answer, Request, Told, Which};
///
/// /// Sets what is asked for, or completes what was asked about.
/// fn run(call: &Call<&str>) -> Result<Told, Failure> {
///     let agenda = Agenda::new(call, "reminder", ["remind you", "提醒你"])?;
///     let request = match agenda.asked()?.map(|question| question.answer(call.input)) {
///         Some(Answer::Known(request)) => request,
///         _ => Request::read(call.input),
///     };
///     match request.plan(&agenda.now) {
///         Ok(plan) => {
///             let plan = agenda.schedule(plan, json!({ "text": request.what }))?;
///             Ok(agenda.promise(&plan, &request.what))
///         }
///         Err(question) => agenda.ask(&question),
///     }
/// }
///
/// // Wednesday, 2 December 2026, 09:00 UTC.
/// testing::start(1_796_202_000_000);
/// assert_eq!(run(&Call::new("tomorrow at 5: run"))?.text, "Thursday, 3 December 2026: 5 am or 5 pm?");
/// let promise = "I'll remind you on Thursday, 3 December 2026 at 17:00 (UTC): run.";
/// assert_eq!(run(&Call::new("pm"))?.text, promise);
///
/// let call = Call::new("cancel the first one");
/// let agenda = Agenda::new(&call, "reminder", ["remind you", "提醒你"])?;
/// let waiting = agenda.jobs(State::Waiting)?;
/// assert_eq!(agenda.list("There:", &waiting)?.text, "There:\n1. Thursday, 3 December 2026 at 17:00: run");
/// assert_eq!(agenda.meant(&Which::Number(1), &waiting)?[0].text(), "run");
/// # Ok::<(), Failure>(())
/// ```
#[derive(Debug)]
pub struct Agenda<'a, I> {
    /// The call that it is for.
    pub call: &'a Call<I>,
    /// Now, in the person's zone.
    pub now: Moment,
    /// How times are said to them.
    pub voice: Voice<'a>,
    kind: &'a str,
}

impl<'a, I> Agenda<'a, I> {
    /// The jobs of a kind that [`Job::new`] knows. `act` is what they do, in English and in Chinese, as in [`Voice::act`].
    pub fn new(call: &'a Call<I>, kind: &'a str, act: [&'a str; 2]) -> Result<Self, Failure> {
        let no_zone = || Failure::Failed(format!("`{}` is not an IANA time zone", call.time_zone));
        let now = moment(clock::now_ms(), &call.time_zone).ok_or_else(no_zone)?;
        let chinese = call.is_chinese();
        Ok(Self { call, now, voice: Voice { chinese, act: act[usize::from(chinese)] }, kind })
    }

    /// A moment in the person's zone, of milliseconds since 1970.
    pub fn at(&self, ms: u64) -> Moment {
        moment(ms, &self.call.time_zone).unwrap_or(self.now)
    }

    /// Those that stand so, in the order of [`jobs::list`].
    pub fn jobs(&self, state: State) -> Result<Vec<Listed>, Failure> {
        Ok(jobs::of_kind(self.kind, state)?)
    }

    /// Makes a job of a plan, once per call, and closes the question that is open. Returns the plan as the call's first
    /// attempt made it.
    pub fn schedule(&self, plan: Plan, payload: Value) -> Result<Plan, Failure> {
        let job = Job::new(self.kind, millis(plan.at())).every(plan.cron()).payload(payload);
        let at = self.at(job.schedule_once(self.call)?.run_at_ms);
        self.close()?;
        Ok(plan.moved(at))
    }

    /// Says what will be done, and when.
    pub fn promise(&self, plan: &Plan, what: &str) -> Told {
        Told::about(self.voice.promise(plan, what, &self.now), plan.at(), plan.cron())
    }

    /// Asks, and keeps the question until it is answered, or for ten minutes.
    pub fn ask(&self, question: &Question) -> Result<Told, Failure> {
        ASKED.put(question)?;
        Ok(self.question(question))
    }

    /// Says a question, and keeps nothing.
    pub fn question(&self, question: &Question) -> Told {
        Told { needs: Some(question.ask.needs()), ..self.voice.question(question).into() }
    }

    /// The question that is open. One that this call answered in an earlier attempt still is.
    pub fn asked(&self) -> Result<Option<Question>, Failure> {
        ASKED.open(self.call)
    }

    /// Nothing is asked any more.
    pub fn close(&self) -> Result<(), Failure> {
        ASKED.close(self.call)
    }

    /// Lists jobs under a heading. For an hour [`meant`](Self::meant) knows their numbers.
    pub fn list<'l>(&self, heading: &str, jobs: impl IntoIterator<Item = &'l Listed>) -> Result<Told, Failure> {
        let (mut lines, mut ids, mut entries) = (vec![heading.to_owned()], Vec::new(), Vec::new());
        for (number, job) in (1..).zip(jobs) {
            let (at, recurrence) = (self.at(job.run_at_ms), job.recurrence.clone());
            lines.push(format!("{number}. {}", self.voice.line(job.text(), &at, recurrence.as_deref())));
            ids.push(job.id.clone());
            entries.push(Entry { number, text: job.text().to_owned(), at: rfc3339(&at), recurrence });
        }
        SHOWN.put(&ids)?;
        Ok(Told { jobs: Some(entries), ..lines.join("\n").into() })
    }

    /// Those of the jobs that may be meant, by the numbers of the list that was shown last or by what they say.
    pub fn meant<'l>(&self, which: &Which, jobs: &'l [Listed]) -> Result<Vec<&'l Listed>, Failure> {
        let shown = SHOWN.open(self.call)?.unwrap_or_default();
        Ok(which.of_shown(&shown, jobs, |job| &job.id, Listed::text))
    }
}
