//! Questions in words.

use super::{Voice, date, time};
use crate::{
    question::{Ask, Question},
    when::Clock,
};
use chrono::NaiveDateTime;

impl Voice<'_> {
    /// A question. What the request is about is asked for in general terms; a skill knows better words for it.
    ///
    /// ```
    /// use skillet_when::{Request, Voice, moment};
    ///
    /// let now = moment(1_796_202_000_000, "Asia/Shanghai").unwrap();
    /// let question = Request::read("每天喝水").plan(&now).unwrap_err();
    /// let voice = Voice { chinese: true, act: "提醒你" };
    /// assert_eq!(voice.question(&question), "几点提醒你？例如：上午9点、17:30。");
    /// ```
    pub fn question(&self, question: &Question) -> String {
        if self.chinese { in_chinese(question, self.act) } else { in_english(question, self.act) }
    }
}

fn in_english(question: &Question, act: &str) -> String {
    let what = &question.what;
    match &question.ask {
        Ask::What if question.when.is_empty() => "What is it about, and when?".into(),
        Ask::What => "What is it about?".into(),
        Ask::When => format!(
            "When should I {act} of \"{what}\"? For example: in 10 minutes, tomorrow at 3pm, every weekday at 8:30."
        ),
        Ask::Time(Some(day)) => format!("At what time on {}?", date(*day, false)),
        Ask::Time(None) => "At what time? For example: 9am, 17:30.".into(),
        Ask::NoTime => format!("There is no such time of day. At what time should I {act}?"),
        Ask::Half { clock, passed: true, .. } => {
            let hour = hour_english(*clock);
            format!("{hour} has passed today. Tomorrow at {hour} am or {hour} pm?")
        }
        Ask::Half { clock, date: day, .. } => {
            let hour = hour_english(*clock);
            let day = day.map(|day| format!("{}: ", date(day, false))).unwrap_or_default();
            format!("{day}{hour} am or {hour} pm?")
        }
        Ask::Passed { at, instead: Some(next) } if is_tomorrow(at, next) => format!(
            "{0} has already passed today. Tomorrow at {0}? Answer \"tomorrow\", or give another time.",
            time(at.time())
        ),
        Ask::Passed { at, instead: Some(next) } => format!(
            "{} has already passed. Do you mean {}? Name the day and time that you mean.",
            local(at, false),
            local(next, false)
        ),
        Ask::Passed { at, instead: None } => {
            format!("{} has already passed. When should I {act}?", local(at, false))
        }
        Ask::Day => "On which day? For example: on Friday, on the 1st, on 5 December.".into(),
        Ask::NoDay => format!("There is no such day in the calendar. On which day should I {act}?"),
        Ask::Far => format!("That is more than ten years ahead. On which day should I {act}?"),
        Ask::Interval => "I can't repeat that evenly. I can do every 1, 2, 3, 4, 5, 6, 10, 12, 15, 20 or 30 minutes, \
            every 1, 2, 3, 4, 6, 8 or 12 hours, and every day, weekday, week, month or year at a time. How often?"
            .into(),
    }
}

fn in_chinese(question: &Question, act: &str) -> String {
    let what = &question.what;
    match &question.ask {
        Ask::What if question.when.is_empty() => "是什么事，什么时候？".into(),
        Ask::What => "是什么事？".into(),
        Ask::When => format!("什么时候{act}“{what}”？例如：10分钟后、明天下午三点、每个工作日早上八点半。"),
        Ask::Time(Some(day)) => format!("{}的几点？", date(*day, true)),
        Ask::Time(None) => format!("几点{act}？例如：上午9点、17:30。"),
        Ask::NoTime => format!("没有这个时间。几点{act}？"),
        Ask::Half { clock, passed: true, .. } => {
            let (am, pm) = halves_chinese(*clock);
            format!("今天的{}已经过了。明天{am}还是{pm}？", hour_chinese(*clock))
        }
        Ask::Half { clock, date: day, .. } => {
            let (am, pm) = halves_chinese(*clock);
            let day = day.map(|day| format!("{}，", date(day, true))).unwrap_or_default();
            format!("{day}{am}还是{pm}？")
        }
        Ask::Passed { at, instead: Some(next) } if is_tomorrow(at, next) => {
            format!("今天 {0} 已经过了。是明天 {0} 吗？请回答“明天”，或者说另一个时间。", time(at.time()))
        }
        Ask::Passed { at, instead: Some(next) } => {
            format!("{} 已经过了。是 {} 吗？请说出日期和时间。", local(at, true), local(next, true))
        }
        Ask::Passed { at, instead: None } => format!("{} 已经过了。什么时候{act}？", local(at, true)),
        Ask::Day => "哪一天？例如：周五、1号、12月5日。".into(),
        Ask::NoDay => format!("没有这一天。哪一天{act}？"),
        Ask::Far => format!("那是十年以后了，太远了。哪一天{act}？"),
        Ask::Interval => "这样的间隔没法准确重复。可以每 1、2、3、4、5、6、10、12、15、20 或 30 分钟，\
            每 1、2、3、4、6、8 或 12 小时，或者每天、每个工作日、每周、每月、每年的某个时间。要多久一次？"
            .into(),
    }
}

fn is_tomorrow(at: &NaiveDateTime, next: &NaiveDateTime) -> bool {
    at.date().succ_opt() == Some(next.date())
}

fn local(at: &NaiveDateTime, chinese: bool) -> String {
    let joint = if chinese { " " } else { " at " };
    date(at.date(), chinese) + joint + &time(at.time())
}

fn hour_english(clock: Clock) -> String {
    if clock.minute == 0 { clock.hour.to_string() } else { format!("{}:{:02}", clock.hour, clock.minute) }
}

fn hour_chinese(clock: Clock) -> String {
    if clock.minute == 0 { format!("{}点", clock.hour) } else { format!("{}点{:02}分", clock.hour, clock.minute) }
}

fn halves_chinese(clock: Clock) -> (String, String) {
    let (am, pm) = if clock.hour < 6 { ("凌晨", "下午") } else { ("上午", "晚上") };
    (format!("{am}{}", hour_chinese(clock)), format!("{pm}{}", hour_chinese(clock)))
}
