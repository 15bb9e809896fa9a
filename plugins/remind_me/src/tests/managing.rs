use super::{
    berlin, conversation, shanghai,
    world::{wait_minutes, waiting},
};
use crate::Action::{Cancel, Done, List, Set, Snooze};

#[test]
fn reminders_are_listed_by_number_and_cancelled_by_it() {
    let mut world = conversation(berlin(), &[(List, "")], "You have no reminders.");
    for text in [
        "remind me tomorrow at 3pm to buy tea",
        "remind me at 3pm to call mum",
        "remind me every day at 08:00 to drink tea",
    ] {
        world.said(Set, text);
    }
    let list = "Your reminders (Europe/Berlin):\n\
        1. Wednesday, 2 December 2026 at 15:00: call mum\n\
        2. every day at 08:00, next on Thursday, 3 December 2026 at 08:00: drink tea\n\
        3. Thursday, 3 December 2026 at 15:00: buy tea";
    assert_eq!(world.said(List, ""), list);
    assert_eq!(world.said(Cancel, "reminder 2"), "Cancelled: drink tea.");
    // Numbers mean what they meant in the list.
    assert_eq!(world.said(Cancel, "3"), "Cancelled: buy tea.");
    assert_eq!(world.said(Cancel, "3"), "There is no reminder 3. Say \"my reminders\" to see those there are.");
    assert_eq!(waiting(), ["call mum"]);
    assert_eq!(world.said(Cancel, "the reminder about tea"), "There is no such reminder: the reminder about tea");
    assert_eq!(world.said(Cancel, "the reminder"), "Cancelled: call mum.");
    assert_eq!(world.said(Cancel, "1"), "You have no reminders.");
}

#[test]
fn cancelling_one_of_several_asks_which() {
    let mut world = shanghai();
    for text in ["明天下午三点提醒我买茶", "每天早上八点提醒我喝茶", "今晚八点提醒我跑步"]
    {
        world.said(Set, text);
    }
    let output = world.call(Cancel, "茶的提醒");
    let which =
        "哪一个？请说编号。\n1. 每天 08:00，下次 2026年12月3日星期四 08:00：喝茶\n2. 2026年12月3日星期四 15:00：买茶";
    assert_eq!((output.text.as_str(), output.needs), (which, Some("which")));
    assert_eq!(world.said(Cancel, "第二个提醒"), "已取消：买茶。");
    assert_eq!(world.said(Cancel, "跑步"), "已取消：跑步。");
    assert_eq!(world.said(Cancel, "所有提醒"), "已取消：喝茶。");
}

#[test]
fn snoozing_sets_again_what_went_off() {
    let mut world = conversation(berlin(), &[(Snooze, "")], "There is nothing to snooze.");
    world.said(Set, "remind me in 10 minutes to drink tea");
    world.said(Set, "remind me at 3pm to call mum");
    let moved = "Nothing has gone off in the last day, so I moved the next one to Wednesday, 2 December 2026 at 10:20 (Europe/Berlin): drink tea.";
    assert_eq!(world.said(Snooze, ""), moved);
    wait_minutes(20);
    let again = |minutes: &str| format!("I'll remind you in {minutes} (Europe/Berlin): drink tea.");
    assert_eq!(world.said(Snooze, ""), again("10 minutes, at 10:30"));
    // Once more moves the same one.
    assert_eq!(world.said(Snooze, "for an hour"), again("1 hour, at 11:20"));
    assert_eq!(waiting(), ["drink tea", "call mum"]);
    assert_eq!(
        world.said(Snooze, "until 5pm"),
        "I'll remind you on Wednesday, 2 December 2026 at 17:00 (Europe/Berlin): drink tea."
    );
    assert_eq!(world.said(Snooze, "tea"), "For how long? For example: snooze 10 minutes, snooze until 5pm.");
    assert_eq!(world.said(Done, ""), "Done: drink tea.");
    assert_eq!(waiting(), ["call mum"]);
    let mut world = shanghai();
    world.said(Set, "10分钟后提醒我喝茶");
    wait_minutes(10);
    assert_eq!(world.said(Snooze, "一小时"), "好，我会在 1 小时后，11:10（Asia/Shanghai）提醒你：喝茶。");
}

#[test]
fn what_is_done_is_not_reminded_of() {
    let mut world = conversation(berlin(), &[(Done, "")], "Well done! There was no reminder to tick off.");
    world.said(Set, "remind me at 3pm to call mum");
    world.said(Set, "remind me every day at 08:00 to drink tea");
    assert_eq!(world.said(Done, ""), "Well done! There was no reminder to tick off.");
    assert_eq!(world.said(Done, "tea"), "Done. It repeats, next on Thursday, 3 December 2026 at 08:00: drink tea.");
    assert_eq!(world.said(Done, "call mum"), "Done, I won't remind you any more: call mum.");
    assert_eq!(waiting(), ["drink tea"]);
}
