use super::*;
use crate::decimal::decimal;

#[track_caller]
fn gives(expression: &str, value: &str) {
    let result = evaluate(expression).map(|(number, _)| decimal(&number, 28).0);
    assert_eq!(result.as_deref(), Ok(value), "{expression}");
}

#[track_caller]
fn fails(expression: &str, kind: Kind, at: Place) {
    assert_eq!(evaluate(expression), Err(problem(kind, at)), "{expression}");
}

#[test]
fn arithmetic_is_exact() {
    gives("0.1 + 0.2", "0.3");
    gives("2 + 3 * 4 - 6 / 4", "12.5");
    gives("(2 + 3) * 4", "20");
    gives("10 - 3 - 2", "5");
    gives("100 / 10 / 2", "5");
    gives("1.50 * 2", "3");
    gives("12345678901234567890 + 1", "12345678901234567891");
}

#[test]
fn signs_and_powers() {
    gives("-2 ^ 2", "-4");
    gives("(-2) ^ 2", "4");
    gives("2 ^ 3 ^ 2", "512");
    gives("2 ^ -2", "0.25");
    gives("2 ** 10", "1024");
    gives("3 - -2", "5");
    gives("5 ^ 0", "1");
}

#[test]
fn interest_is_rounded_where_it_has_no_end() {
    let (rate, exact) = evaluate("(1 + 0.05 / 365) ^ 365").unwrap();
    assert_eq!((decimal(&rate, 10).0.as_str(), exact), ("1.0512674965", false));
    let (rate, _) = evaluate("(1 + 0.0399 / 12) ^ -360").unwrap();
    assert_eq!(decimal(&rate, 10).0, "0.302699599");
    assert!(evaluate("1.5 ^ 40").unwrap().1);
}

#[test]
fn percentages() {
    gives("50%", "0.5");
    gives("17.5% of 2,340", "409.5");
    gives("(17.5% of 2,340) * 3", "1228.5");
    gives("200 + 10%", "220");
    gives("200 - 10% + 5", "185");
    gives("200 + 10% * 50", "205");
    gives("200 + 10% of 50", "205");
    gives("50% + 10%", "0.6");
    gives("200 * 10%", "20");
    gives("200 + (10%)", "220");
    gives("(10% + 5%) of 200", "30");
}

#[test]
fn full_width_and_chinese() {
    gives("2340的17.5%", "409.5");
    gives("17.5％的2，340", "409.5");
    gives("（１＋２）×３÷２", "4.5");
    gives("3加4乘以5减去6除以2", "20");
}

#[test]
fn what_is_wrong_has_a_place() {
    fails("", Kind::Incomplete, 1);
    fails("1 / (2 - 2)", Kind::DivisionByZero, 3);
    fails("0 ^ -1", Kind::DivisionByZero, 3);
    fails("2 +", Kind::Incomplete, 4);
    fails("(1 + 2", Kind::Incomplete, 7);
    fails("1 + 2)", Kind::Unexpected(')'), 6);
    fails("2 3", Kind::Unexpected('3'), 3);
    fails("10 % 3", Kind::Unexpected('3'), 6);
    fails("2 * apples", Kind::Unexpected('a'), 5);
    fails("3加 apples", Kind::Unexpected('a'), 4);
    fails("3 of 4", Kind::PercentOf, 3);
    fails("2 ^ 0.5", Kind::Exponent, 4);
    fails("9 ^ 999 ^ 2", Kind::Exponent, 4);
    fails("9 ^ 999 ^ 1 * 9 ^ 999", Kind::Overflow, 13);
    fails("99999 ^ 999", Kind::Overflow, 7);
    fails("3 @ 4", Kind::Unexpected('@'), 3);
    fails("的5", Kind::Unexpected('的'), 1);
}

#[test]
fn commas_only_separate_thousands() {
    gives("2,340", "2340");
    gives("1,234,567", "1234567");
    gives("5.", "5");
    gives(".5 + 1", "1.5");
    for text in ["1,5", "12,34", "1,,000", ",123", "1234,567", "1.000,5", "1.2.3", ".", "1,5 + 1"] {
        fails(text, Kind::Number, 1);
    }
    fails("2 + 1,5", Kind::Number, 5);
}

#[test]
fn depth_is_bounded() {
    fails(&"(".repeat(400), Kind::TooDeep, 41);
    fails(&"-".repeat(400), Kind::TooDeep, 41);
    fails(&"1^".repeat(200), Kind::TooDeep, 82);
    gives(&format!("{}1{}", "(".repeat(40), ")".repeat(40)), "1");
}
