//! Requests as people write them.

mod chinese;
mod english;

use crate::{Ask, Moment, Plan, Request, Voice};
use chrono::{NaiveDateTime, TimeZone};
use chrono_tz::Tz;

/// Wednesday, 2 December 2026, 10:00.
const WEDNESDAY: &str = "2026-12-02 10:00";

fn at(zone: &str, local: &str) -> Moment {
    let local = NaiveDateTime::parse_from_str(local, "%Y-%m-%d %H:%M").unwrap();
    zone.parse::<Tz>().unwrap().from_local_datetime(&local).earliest().unwrap()
}

/// What a request comes out as: `time | what`, the time as a date and an hour, a cron expression with its first
/// moment, or what is asked.
fn outcome(text: &str, now: &Moment) -> String {
    let said = Request::read(text);
    let timed = Request { what: "x".into(), when: said.when };
    let when = match timed.plan(now) {
        Ok(Plan::Once { at, .. }) => at.format("%Y-%m-%d %H:%M").to_string(),
        Ok(Plan::Again { cron, first, .. }) => format!("{cron} from {}", first.format("%m-%d %H:%M")),
        Err(question) => match question.ask {
            Ask::Time(Some(day)) => format!("time on {}", day.format("%m-%d")),
            Ask::Half { date, passed, .. } => {
                let day = date.map(|day| day.format(" on %m-%d").to_string()).unwrap_or_default();
                format!("half{day}{}", if passed { " passed" } else { "" })
            }
            Ask::Passed { instead, .. } => {
                format!("passed {}", instead.map(|next| next.format("%m-%d %H:%M").to_string()).unwrap_or_default())
            }
            ask => {
                let why = match ask {
                    Ask::NoDay | Ask::NoTime => " none",
                    Ask::Far => " far",
                    _ => "",
                };
                ask.needs().to_owned() + why
            }
        },
    };
    format!("{} | {}", when.trim(), said.what).trim_end().to_owned()
}

fn check(now: &Moment, cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .map(|(text, expected)| (text, expected, outcome(text, now)))
        .filter(|(_, expected, got)| **expected != got)
        .map(|(text, expected, got)| format!("{text}\n  expected {expected}\n  got      {got}"))
        .collect();
    let now = Voice { chinese: false, act: "" }.moment(now);
    assert!(wrong.is_empty(), "{} of {} at {now}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// Whatever is written, whole or in part, comes out as a time or a question.
#[test]
fn no_text_is_a_panic() {
    let texts = [
        "please remind me every 2nd of Feb, 31/2/2026, at 99:99pm in 9999 years and 9999 days a half quarter of to – “é”",
        "请提醒我每周一、三到五九千九百九十九年两个半月又半刻钟后的第百百百个下下周末25点99分的时候２０２６-13-99t99:99吧",
        "set a a set reminder reminder don't let me forget to remember to remind me remind me to at on in the of",
        "设个的提醒提醒我的叫我提醒一下我的的时候，，。。个半月半半半小时后天天天明晚晚上上周周",
    ];
    let now = at("Pacific/Apia", WEDNESDAY);
    for text in texts {
        let cuts: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        for (n, from) in cuts.iter().enumerate() {
            for to in [text.len(), cuts[(n + 7).min(cuts.len() - 1)], cuts[(n + 19).min(cuts.len() - 1)]] {
                for read in [Request::read, Request::read_loosely] {
                    drop(read(&text[*from..to]).plan(&now));
                }
            }
        }
    }
}
