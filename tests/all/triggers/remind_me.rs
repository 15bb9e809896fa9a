use super::{Caught, triggers};
use std::sync::LazyLock;

/// The action and the text.
fn caught(message: &str) -> Option<(String, String)> {
    static CAUGHT: LazyLock<Caught> = LazyLock::new(|| triggers("remind_me"));
    let input = CAUGHT(message)?;
    let action = input["action"].as_str().unwrap_or("set");
    Some((action.to_owned(), input["text"].as_str().unwrap_or_default().to_owned()))
}

fn all_are(action: &str, messages: &[&str]) {
    let wrong: Vec<String> = messages
        .iter()
        .map(|message| (message, caught(message)))
        .filter(|(message, caught)| {
            let whole = action != "set" || caught.as_ref().is_some_and(|(_, text)| text == message.trim());
            caught.as_ref().is_none_or(|(caught, _)| caught != action) || !whole
        })
        .map(|(message, caught)| format!("{message}: {caught:?}"))
        .collect();
    assert!(wrong.is_empty(), "not `{action}`:\n{}", wrong.join("\n"));
}

#[test]
fn requests_in_english_set() {
    let messages = [
        "remind me",
        "remind me to call mum",
        "remind me in 10 minutes to check the oven",
        "remind me in an hour to call",
        "remind me in half an hour: tea",
        "remind me in 2 hours and 30 minutes to leave",
        "remind me at 5pm to call mum",
        "Remind me at 17:30 to call mum.",
        "remind me at noon to eat",
        "remind me tomorrow 3pm to call Dr Wang",
        "remind me tomorrow at 3pm",
        "remind me tonight at 9 to lock the door",
        "remind me next Friday noon to call Dr Wang",
        "remind me on Friday at 10 to call",
        "remind me this evening to call",
        "remind me on 5 December at 9:00 to pay",
        "remind me Dec 5th 9am to pay",
        "remind me 2026-12-05 09:00 to pay",
        "remind me every day at 8 to drink water",
        "remind me every weekday 8:30 to plan",
        "remind me every Monday and Thursday at 18:00 to run",
        "remind me every month on the 1st at 9 to pay",
        "remind me on the 1st of every month at 9 to pay",
        "remind me every hour to stretch",
        "remind me every 30 minutes to stretch",
        "remind me to call Dr Wang tomorrow at 3pm",
        "tomorrow at 3pm remind me to call Dr Wang",
        "Tomorrow at 3pm, please remind me to call Dr Wang.",
        "in 10 minutes remind me that the tea is ready",
        "every weekday at 8:30 remind me of the stand-up",
        "every weekday 8:30 send me the plan",
        "on 5 December at 9am remind me to pay",
        "set a reminder for tomorrow 3pm: call Dr Wang",
        "set a reminder to call Dr Wang tomorrow at 3pm",
        "set a reminder",
        "please create a reminder: call Dr Wang",
        "set a daily reminder at 08:00 to drink water",
        "set a 3pm reminder to call",
        "Can you remind me to call Dr Wang tomorrow at 3pm?",
        "could you please remind me at 3pm to call",
        "I need you to remind me to call at 3pm",
        "don't let me forget to call Ada at 3pm",
        "remind me about the meeting tomorrow at 3pm",
        "remind me of the stand-up in 10 minutes",
        "remind me that the shop closes at 5pm",
        "remind me: tea at 5pm",
        "on Mondays at 9 remind me to plan",
        "every Monday and Thursday at 18:00 remind me to run",
        "every 30 minutes remind me to stretch",
        "at half past 5 in the afternoon remind me to leave",
        "the day after tomorrow at 8am remind me to run",
        "remind me the day after tomorrow at 8am to run",
        "remind me on the 15th at 9am to pay",
        "remind me hourly to stretch",
    ];
    all_are("set", &messages);
}

#[test]
fn requests_in_chinese_set() {
    let messages = [
        "提醒我",
        "提醒我给王医生打电话",
        "10分钟后提醒我看烤箱",
        "半小时后提醒我看烤箱",
        "一个半小时后提醒我看烤箱",
        "两小时后提醒我看烤箱",
        "三天后提醒我浇花",
        "明天下午三点提醒我给王医生打电话",
        "后天早上8点提醒我跑步",
        "大后天提醒我跑步",
        "今晚九点提醒我锁门",
        "下周五中午提醒我聚餐",
        "周五上午十点半提醒我开会",
        "这周日提醒我打扫",
        "12月5日上午9点提醒我交房租",
        "12月5号提醒我交房租",
        "每天早上八点提醒我吃药",
        "每个工作日早上八点半提醒我打卡",
        "每周一和周四下午六点提醒我跑步",
        "每周一三五早上七点提醒我跑步",
        "周一到周五早上七点提醒我跑步",
        "每月1号上午九点提醒我交房租",
        "每小时提醒我喝水",
        "每半小时提醒我喝水",
        "每隔30分钟提醒我喝水",
        "请在明天下午三点提醒我给王医生打电话",
        "请帮我在明天下午三点提醒我给王医生打电话。",
        "提醒我明天下午三点给王医生打电话",
        "提醒我明天问老师什么时候考试的事",
        "提醒我给王医生打电话，明天下午三点",
        "记得明天下午三点叫我起床",
        "明早7点叫我起床",
        "设个提醒，明天下午三点给王医生打电话",
        "设个提醒",
        "帮我设一个明天下午三点的提醒：给王医生打电话",
        "定个闹钟，明早七点",
        "能不能明天下午三点提醒我开会？",
        "明天下午三点提醒我开会好吗？",
        "过10分钟叫我",
        "10分鐘後提醒我喝水",
        "请提醒我下午五点买牛奶",
        "提醒我上课",
        "2026-12-05 09:00提醒我交房租",
        "晚上提醒我看书",
        "十二月五号上午九点提醒我交房租",
        "可以明天早上八点提醒我开会吗",
        "你能不能提醒我明天早上八点开会？",
        "每年12月5日上午九点提醒我打电话",
        "二十五分钟之后提醒我喝水",
        "晚上12点提醒我睡觉",
        "夜里两点提醒我看球",
        "下个月3号上午9点提醒我交房租",
        "请提醒我明天交房租",
    ];
    all_are("set", &messages);
}

#[test]
fn reminders_are_managed() {
    let list = [
        "my reminders",
        "list my reminders",
        "show me all my reminders",
        "what are my reminders?",
        "what reminders do I have?",
        "do I have any reminders today?",
        "我的提醒",
        "有哪些提醒",
        "我有哪些提醒？",
        "我还有什么提醒",
        "列出所有提醒",
        "查看我的提醒",
        "提醒列表",
    ];
    all_are("list", &list);
    let cancel = [
        ("cancel reminder 2", "reminder 2"),
        ("cancel the reminder about tea", "the reminder about tea"),
        ("delete my tea reminder.", "my tea reminder"),
        ("remove the second reminder", "the second reminder"),
        ("cancel all my reminders", "all my reminders"),
        ("cancel the first one", "the first one"),
        ("Please cancel number 2.", "number 2"),
        ("取消第一个", "第一个"),
        ("把最后一个取消掉", "最后一个"),
        ("stop reminding me to drink tea", "drink tea"),
        ("取消第二个提醒", "第二个提醒"),
        ("取消提醒2", "提醒2"),
        ("取消喝茶的提醒", "喝茶的提醒"),
        ("把喝茶的提醒取消掉", "喝茶的提醒"),
        ("删除所有提醒", "所有提醒"),
        ("不用提醒我喝茶了", "喝茶"),
    ];
    let snooze = [
        ("snooze", ""),
        ("snooze it", ""),
        ("snooze 10 minutes", "10 minutes"),
        ("Snooze for an hour", "an hour"),
        ("snooze until 5pm", "5pm"),
        ("remind me again in 10 minutes", "in 10 minutes"),
        ("remind me later", ""),
        ("推迟10分钟", "10分钟"),
        ("推迟半小时", "半小时"),
        ("推迟到下午五点", "下午五点"),
        ("稍后提醒", ""),
        ("稍后再提醒我", ""),
        ("过一会儿再提醒我", ""),
        ("10分钟后再提醒我", "10分钟后"),
    ];
    let done = [
        ("done", ""),
        ("Done!", ""),
        ("I'm done", ""),
        ("done with tea", "tea"),
        ("reminder 2 is done", "reminder 2"),
        ("完成了", ""),
        ("已经完成了。", ""),
        ("搞定了", ""),
        ("提醒2完成了", "提醒2"),
        ("喝茶的提醒完成了", "喝茶的提醒"),
    ];
    for (action, cases) in [("cancel", &cancel[..]), ("snooze", &snooze), ("done", &done)] {
        for (message, text) in cases {
            assert_eq!(caught(message), Some((action.to_owned(), (*text).to_owned())), "{message}");
        }
    }
}

#[test]
fn bare_times_are_answers() {
    let messages = [
        "3pm",
        "3 pm",
        "at 3pm",
        "15:00",
        "3:30pm",
        "at 5",
        "noon",
        "pm",
        "AM",
        "in the morning",
        "afternoon",
        "tomorrow",
        "tomorrow at 3pm",
        "tomorrow 3pm",
        "Friday",
        "on Friday at noon",
        "next Friday at 10am",
        "in 10 minutes",
        "5 December",
        "every 10 minutes",
        "tonight at 9",
        "下午",
        "下午三点",
        "三点半",
        "15点",
        "明天",
        "明天下午三点",
        "周五上午十点",
        "10分钟后",
        "12月5日",
        "晚上八点吧",
        "早上",
        "每天早上八点",
    ];
    all_are("answer", &messages);
}

#[test]
fn everything_else_is_left_alone() {
    let messages = [
        "remind me who Dr Wang is",
        "remind me what we agreed on Monday",
        "remind me what I said yesterday",
        "remind me how this works",
        "remind me why",
        "remind me where I parked",
        "remind me when the shop closes",
        "remind me which one it was",
        "remind me if I forget",
        "remind me of our plan",
        "remind me of what we did on Monday",
        "remind me about the meeting last Monday",
        "remind me in which year it was",
        "remind me every time you forget",
        "did you remind me to call mum?",
        "you reminded me to call mum",
        "why did you remind me to call",
        "every day you remind me to drink water",
        "every day at 8 I drink coffee",
        "tomorrow at 3pm I call Dr Wang",
        "what is a reminder",
        "how do I set a reminder?",
        "set the volume to 5",
        "set a timer app up",
        "remember that my bike lock code is 7291",
        "remember to buy milk",
        "don't forget that Ada is vegan",
        "记住我住在上海",
        "记住：明天是妈妈的生日",
        "记得带伞",
        "你记得提醒我什么了吗",
        "提醒我王医生是谁",
        "提醒我昨天说了什么",
        "提醒我上次的结论",
        "你提醒我了吗",
        "今天早上你提醒我吃药了吗",
        "昨天你提醒我开会",
        "他每天都提醒我喝水",
        "叫我小明",
        "三个人叫我大哥",
        "明天下午三点开会",
        "每天早上八点我喝咖啡",
        "怎么设置提醒",
        "怎么取消提醒？",
        "取消会议",
        "推迟会议",
        "任务完成了吗",
        "I'm done with you",
        "is it done?",
        "what can be done",
        "the reminder came too late",
        "5",
        "7291",
        "50%",
        "9/11",
        "2026-11-25",
        "11/25/2026",
        "555-1234",
        "三天",
        "yes",
        "thanks",
        "好的",
        "",
    ];
    for message in messages {
        assert_eq!(caught(message), None, "{message}");
    }
}
