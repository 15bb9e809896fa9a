use super::*;
use crate::{decimal, problem::*};

#[track_caller]
fn gives(expression: &str, value: &str) {
    let result = evaluate(expression).map(|(number, _)| decimal(&number, 28).0);
    assert_eq!(result.as_deref(), Ok(value), "{expression}");
}

#[track_caller]
fn fails(expression: &str, kind: Kind, at: usize) {
    let found = if kind == UNEXPECTED { expression.chars().nth(at - 1) } else { None };
    let problem = evaluate(expression).unwrap_err();
    assert_eq!((problem.kind, problem.at), (kind, at), "{expression}");
    assert!(found.is_none_or(|found| problem.found == found.to_string()), "{expression}: {problem:?}");
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
    gives("3 plus 4 Times 5 minus 6 divided by 2", "20");
    gives("3 multiplied by minus 4", "-12");
}

#[test]
fn what_is_wrong_has_a_place() {
    fails("", INCOMPLETE, 1);
    fails("1 / (2 - 2)", DIVISION_BY_ZERO, 3);
    fails("0 ^ -1", DIVISION_BY_ZERO, 3);
    fails("2 +", INCOMPLETE, 4);
    fails("(1 + 2", INCOMPLETE, 7);
    fails("1 + 2)", UNEXPECTED, 6);
    fails("2 3", UNEXPECTED, 3);
    fails("10 % 3", UNEXPECTED, 6);
    fails("2 * apples", UNEXPECTED, 5);
    fails("3加 apples", UNEXPECTED, 4);
    fails("3 of 4", PERCENT_OF, 3);
    fails("2 ^ 0.5", EXPONENT, 4);
    fails("9 ^ 999 ^ 2", EXPONENT, 4);
    fails("9 ^ 999 ^ 1 * 9 ^ 999", OVERFLOW, 13);
    fails("99999 ^ 999", OVERFLOW, 7);
    fails("3 @ 4", UNEXPECTED, 3);
    fails("的5", UNEXPECTED, 1);
}

#[test]
fn commas_only_separate_thousands() {
    gives("2,340", "2340");
    gives("1,234,567", "1234567");
    gives("5.", "5");
    gives(".5 + 1", "1.5");
    for text in ["1,5", "12,34", "1,,000", ",123", "1234,567", "1.000,5", "1.2.3", ".", "1,5 + 1"] {
        fails(text, NUMBER, 1);
    }
    fails("2 + 1,5", NUMBER, 5);
}

#[test]
fn depth_is_bounded() {
    fails(&"(".repeat(400), TOO_DEEP, 41);
    fails(&("-".repeat(400) + "1"), TOO_DEEP, 41);
    fails(&("1^".repeat(200) + "1"), TOO_DEEP, 82);
    gives(&format!("{}1{}", "(".repeat(40), ")".repeat(40)), "1");
}
