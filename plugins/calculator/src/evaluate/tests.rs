use super::*;

#[track_caller]
fn gives(expression: &str, value: &str) {
    let result = evaluate(expression).map(|number| number.value.to_string());
    assert_eq!(result.as_deref(), Ok(value), "{expression}");
}

#[track_caller]
fn fails(expression: &str, problem: Problem) {
    assert_eq!(evaluate(expression), Err(problem), "{expression}");
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
    fails("", Problem::Empty);
    fails("1 / (2 - 2)", Problem::DivisionByZero { at: 3 });
    fails("0 ^ -1", Problem::DivisionByZero { at: 3 });
    fails("2 +", Problem::Incomplete { at: 4 });
    fails("(1 + 2", Problem::Unclosed { at: 1 });
    fails("1 + 2)", Problem::Unexpected { at: 6, found: ")".into() });
    fails("2 3", Problem::Unexpected { at: 3, found: "3".into() });
    fails("10 % 3", Problem::Unexpected { at: 6, found: "3".into() });
    fails("2 * apples", Problem::Unexpected { at: 5, found: "a".into() });
    fails("3 of 4", Problem::PercentOf { at: 3 });
    fails("2 ^ 0.5", Problem::Exponent { at: 4 });
    fails("9 ^ 99", Problem::Overflow { at: 3 });
    fails("1,5 + 1", Problem::Grouping { at: 1, text: "1,5".into() });
}

#[test]
fn size_and_depth_are_bounded() {
    fails(&"1+".repeat(300), Problem::TooLong { limit: MAX_CHARACTERS });
    fails(&"(".repeat(400), Problem::TooDeep { at: 41 });
    fails(&"-".repeat(400), Problem::TooDeep { at: 41 });
    gives(&format!("{}1{}", "(".repeat(40), ")".repeat(40)), "1");
}
