use super::{Caught, triggers};
use std::sync::LazyLock;

fn expression(message: &str) -> Option<String> {
    static CAUGHT: LazyLock<Caught> = LazyLock::new(|| triggers("calculator"));
    Some(CAUGHT(message)?["expression"].as_str().unwrap().to_owned())
}

#[test]
fn sums_are_caught() {
    let cases = [
        ("what is 17.5% of 2340", "17.5% of 2340"),
        ("What's 2+2?", "2+2"),
        ("whats 3 x 4", "3 x 4"),
        ("How much is 1,200 - 15%?", "1,200 - 15%"),
        ("(17.5% of 2,340) * 3", "(17.5% of 2,340) * 3"),
        ("2340的17.5%是多少", "2340的17.5%"),
        ("2340 的 17.5% 是多少？", "2340 的 17.5%"),
        ("17.5%的2340是多少？", "17.5%的2340"),
        ("算一下 3*4", "3*4"),
        ("帮我算一下：3加4乘以5", "3加4乘以5"),
        ("３×４＝？", "３×４"),
        ("calculate 10/4", "10/4"),
        ("calculate: 2-1", "2-1"),
        ("计算 10/4", "10/4"),
        ("10/4=", "10/4"),
        ("2-1等于几", "2-1"),
        ("-3 * (2 - 5)", "-3 * (2 - 5)"),
        ("2 ^ 10", "2 ^ 10"),
        ("200 + 10%", "200 + 10%"),
        ("(10-3)*2", "(10-3)*2"),
        ("what's 15 plus 27?", "15 plus 27"),
        ("6 times 7", "6 times 7"),
        ("100 divided by 8", "100 divided by 8"),
    ];
    for (message, caught) in cases {
        assert_eq!(expression(message).as_deref(), Some(caught), "{message}");
    }
}

#[test]
fn everything_else_is_left_alone() {
    let messages = [
        "what is my name",
        "what is 2020 known for",
        "what is 9/11",
        "what is 42",
        "7291",
        "50%",
        "2026-11-25",
        "11/25/2026",
        "555-1234",
        "+1-555-123-4567",
        "+86 138 0013 8000",
        "(555) 123-4567",
        "192.168.0.1/24",
        "calculate the tip on 50",
        "计算机科学是什么",
        "算了",
        "2 of 3 done",
        "2的倍数",
        "1. milk 2. eggs",
        "3 times a day",
        "18 plus",
        "",
    ];
    for message in messages {
        assert_eq!(expression(message), None, "{message}");
    }
}
