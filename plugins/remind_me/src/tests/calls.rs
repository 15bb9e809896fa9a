use super::{
    berlin, conversation, shanghai,
    world::{wait_minutes, waiting},
};
use crate::{
    Action::{Answer, Cancel, Set, Snooze},
    Input,
};
use skillet_sdk::{Failure, jobs};

#[test]
fn what_is_set_is_read_back() {
    let cases = [
        (
            "remind me next Friday at noon to call Dr Wang",
            "I'll remind you on Friday, 11 December 2026 at 12:00 (Europe/Berlin): call Dr Wang.",
        ),
        (
            "remind me in 10 minutes to check the oven",
            "I'll remind you in 10 minutes, at 10:10 (Europe/Berlin): check the oven.",
        ),
        (
            "remind me in 15 hours to sleep",
            "I'll remind you in 15 hours, on Thursday, 3 December 2026 at 01:00 (Europe/Berlin): sleep.",
        ),
        (
            "remind me every weekday 8:30 to plan",
            "I'll remind you every weekday at 08:30 in the morning (Europe/Berlin), first on Thursday, 3 December 2026: plan.",
        ),
        (
            "remind me every Monday and Thursday at 18:00 to run",
            "I'll remind you every Monday and Thursday at 18:00 (Europe/Berlin), first on Thursday, 3 December 2026: run.",
        ),
        (
            "remind me every month on the 31st at 9am to pay",
            "I'll remind you on the 31st of every month that has one, at 09:00 (Europe/Berlin), first on Thursday, 31 December 2026: pay.",
        ),
        (
            "remind me every 30 minutes to stretch",
            "I'll remind you every 30 minutes (Europe/Berlin), first at 10:30, Wednesday, 2 December 2026: stretch.",
        ),
        (
            "remind me at noon to ask: who comes…",
            "I'll remind you on Wednesday, 2 December 2026 at 12:00 (Europe/Berlin): ask: who comes…",
        ),
    ];
    for (text, read_back) in cases {
        conversation(berlin(), &[(Set, text)], read_back);
    }
    let cases = [
        (
            "下周五中午提醒我给王医生打电话",
            "好，我会在 2026年12月11日星期五 12:00（Asia/Shanghai）提醒你：给王医生打电话。",
        ),
        ("10分钟后提醒我看烤箱", "好，我会在 10 分钟后，10:10（Asia/Shanghai）提醒你：看烤箱。"),
        (
            "每个工作日八点半提醒我打卡",
            "好，我会每个工作日 08:30（Asia/Shanghai，早上）提醒你：打卡。第一次是 2026年12月3日星期四 08:30。",
        ),
        (
            "每周一和周四下午六点提醒我跑步",
            "好，我会每周一和周四 18:00（Asia/Shanghai）提醒你：跑步。第一次是 2026年12月3日星期四 18:00。",
        ),
    ];
    for (text, read_back) in cases {
        conversation(shanghai(), &[(Set, text)], read_back);
    }
}

#[test]
fn nothing_is_set_before_it_is_clear() {
    let cases = [
        ("remind me tomorrow at 5 to run", "Thursday, 3 December 2026: 5 am or 5 pm?", "am_or_pm"),
        ("remind me tomorrow to run", "At what time on Thursday, 3 December 2026?", "time"),
        (
            "remind me at 9am to run",
            "09:00 has already passed today. Tomorrow at 09:00? Answer \"tomorrow\", or give another time.",
            "time",
        ),
        (
            "remind me on 31 February at 9am to run",
            "There is no such day in the calendar. On which day should I remind you?",
            "day",
        ),
        ("remind me tomorrow at 9am", "What should I remind you of? For example: remind me to call Dr Wang.", "what"),
        (
            "remind me",
            "What should I remind you of, and when? For example: remind me tomorrow at 3pm to call Dr Wang.",
            "what",
        ),
    ];
    for (text, question, needs) in cases {
        let mut world = berlin();
        let output = world.call(Set, text);
        assert_eq!((output.text.as_str(), output.needs), (question, Some(needs)));
        assert!(jobs::list(9).unwrap().is_empty(), "{text}");
    }
    let mut world = shanghai();
    assert_eq!(world.said(Set, "明天三点提醒我开会"), "2026年12月3日星期四，凌晨3点还是下午3点？");
}

#[test]
fn an_answer_completes_the_question() {
    let set = |time: &str| format!("I'll remind you on {time} (Europe/Berlin): run.");
    let cases = [
        ("remind me tomorrow at 5 to run", "pm", "Thursday, 3 December 2026 at 17:00"),
        ("remind me tomorrow at 5 to run", "in the morning", "Thursday, 3 December 2026 at 05:00"),
        ("remind me tomorrow at 5 to run", "下午", "Thursday, 3 December 2026 at 17:00"),
        ("remind me tomorrow at 5 to run", "17:30", "Thursday, 3 December 2026 at 17:30"),
        ("remind me tomorrow to run", "3pm", "Thursday, 3 December 2026 at 15:00"),
        ("remind me tomorrow to run", "at 15", "Thursday, 3 December 2026 at 15:00"),
        ("remind me tomorrow to run", "15点", "Thursday, 3 December 2026 at 15:00"),
        ("remind me at 9am to run", "tomorrow", "Thursday, 3 December 2026 at 09:00"),
        ("remind me at 9am to run", "yes", "Thursday, 3 December 2026 at 09:00"),
        ("remind me at 9am to run", "9pm", "Wednesday, 2 December 2026 at 21:00"),
        ("remind me to run", "tomorrow at 3pm", "Thursday, 3 December 2026 at 15:00"),
        ("remind me to run", "Friday noon", "Friday, 4 December 2026 at 12:00"),
        ("remind me next week at noon to run", "Thursday", "Thursday, 10 December 2026 at 12:00"),
        ("remind me on 31 February at noon to run", "28 February", "Sunday, 28 February 2027 at 12:00"),
        ("remind me on Wednesday at 9 to run", "am", "Wednesday, 9 December 2026 at 09:00"),
        ("remind me on Wednesday at 9 to run", "pm", "Wednesday, 2 December 2026 at 21:00"),
        ("remind me tomorrow at noon", "run", "Thursday, 3 December 2026 at 12:00"),
        ("remind me", "run tomorrow at noon", "Thursday, 3 December 2026 at 12:00"),
    ];
    for (request, answer, time) in cases {
        conversation(berlin(), &[(Set, request), (Answer, answer)], &set(time));
        assert_eq!(waiting(), ["run"]);
    }
    conversation(
        berlin(),
        &[(Set, "remind me to run"), (Answer, "in 10 minutes")],
        "I'll remind you in 10 minutes, at 10:10 (Europe/Berlin): run.",
    );
    conversation(
        berlin(),
        &[(Set, "remind me every 7 minutes to run"), (Answer, "every 10 minutes")],
        "I'll remind you every 10 minutes (Europe/Berlin), first at 10:10, Wednesday, 2 December 2026: run.",
    );
}

#[test]
fn a_request_completes_what_an_earlier_one_lacked() {
    let both = "I'll remind you on Thursday, 3 December 2026 at 15:00 (Europe/Berlin): run.";
    conversation(berlin(), &[(Set, "remind me tomorrow at 3pm"), (Set, "remind me to run")], both);
    conversation(berlin(), &[(Set, "remind me to run"), (Set, "remind me tomorrow at 3pm")], both);
    let two = [(Set, "remind me tomorrow to run"), (Set, "remind me to sleep at 9pm")];
    conversation(berlin(), &two, "I'll remind you on Wednesday, 2 December 2026 at 21:00 (Europe/Berlin): sleep.");
}

#[test]
fn a_question_is_answered_once_and_soon() {
    let hint =
        "I'm not waiting for a time. To set a reminder, write for example: remind me tomorrow at 3pm to call Dr Wang.";
    conversation(berlin(), &[(Answer, "3pm")], hint);
    let mut world =
        conversation(berlin(), &[(Set, "remind me tomorrow to run"), (Answer, "no")], "All right, no reminder is set.");
    assert_eq!(world.said(Answer, "3pm"), hint);
    world.said(Set, "remind me tomorrow to run");
    wait_minutes(9);
    assert!(world.said(Answer, "tea").starts_with("I don't see a time in that."));
    wait_minutes(2);
    assert_eq!(world.said(Answer, "3pm"), hint);
    assert!(jobs::list(9).unwrap().is_empty());
    let mut world = conversation(
        shanghai(),
        &[(Set, "明天三点提醒我开会"), (Answer, "下午")],
        "好，我会在 2026年12月3日星期四 15:00（Asia/Shanghai）提醒你：开会。",
    );
    assert!(world.said(Answer, "下午").starts_with("现在没有等着定时间的提醒。"));
}

#[test]
fn a_retried_call_makes_no_second_job() {
    let mut world = berlin();
    let input = |action, text: &str| Input { action, text: text.into(), ..Input::default() };
    let first = world.call(Set, "remind me in 10 minutes to run").at;
    wait_minutes(1);
    let again = world.attempt(2, input(Set, "remind me in 10 minutes to run")).unwrap();
    assert_eq!((again.at, jobs::list(9).unwrap().len()), (first, 1));
    world.call(Set, "remind me tomorrow to sleep");
    let first = world.call(Answer, "9pm");
    assert_eq!(world.attempt(2, input(Answer, "9pm")).unwrap(), first);
    assert_eq!(jobs::list(9).unwrap().len(), 2);
    let first = world.call(Cancel, "sleep");
    assert_eq!(world.attempt(2, input(Cancel, "sleep")).unwrap(), first);
    let first = world.call(Snooze, "");
    assert_eq!(world.attempt(2, input(Snooze, "")).unwrap(), first);
}

#[test]
fn models_may_say_what_and_when_apart() {
    let run = |what: &str, when: &str| {
        let input = Input { what: what.into(), when: when.into(), ..Input::default() };
        berlin().attempt(1, input)
    };
    for when in ["tomorrow 3pm", "2026-12-03T15:00", "2026-12-03 15:00", "2026-12-03T14:00:00Z", "明天下午三点"] {
        assert_eq!(run("run", when).unwrap().at.as_deref(), Some("2026-12-03T15:00:00+01:00"), "{when}");
    }
    assert_eq!(run("run", "every weekday at 08:30").unwrap().recurrence.as_deref(), Some("30 8 * * 1-5"));
    assert!(matches!(run("run", "soon"), Err(Failure::InvalidInput(_))));
}
