use super::*;

#[test]
fn names_of_reminders() {
    let words = |text: &str| Which::Words(text.into());
    let cases = [
        ("", Which::Only),
        ("the reminder", Which::Only),
        ("提醒", Which::Only),
        ("all my reminders", Which::All),
        ("all", Which::All),
        ("所有提醒", Which::All),
        ("reminder 2", Which::Number(2)),
        ("#3", Which::Number(3)),
        ("the second reminder", Which::Number(2)),
        ("the last one", Which::Last),
        ("第二个提醒", Which::Number(2)),
        ("提醒2", Which::Number(2)),
        ("第十二个", Which::Number(12)),
        ("2号提醒", Which::Number(2)),
        ("the reminder about tea", words("tea")),
        ("my tea reminder", words("tea")),
        ("reminder to call Mum", words("call mum")),
        ("喝茶的提醒", words("喝茶")),
        ("关于喝茶的提醒", words("喝茶")),
    ];
    for (text, meant) in cases {
        assert_eq!(Which::read(text, &["reminder", "alarm", "提醒", "闹钟"]), meant, "{text}");
    }
}
