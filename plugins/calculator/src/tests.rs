use super::*;

fn run(expression: &str, locale: &str) -> Result<Output, Failure> {
    Calculator::run(Call::new(Input { expression: expression.into() }).in_locale(locale))
}

#[test]
fn the_answer_repeats_the_question() {
    let output = run(" 17.5% of 2,340 ", "en").unwrap();
    assert_eq!(output.value, "409.5");
    assert_eq!(output.text, "17.5% of 2,340 = 409.5");
}

#[test]
fn a_rounded_answer_says_so() {
    let shown = |expression: &str| {
        let output = run(expression, "en").unwrap();
        (output.value, output.text)
    };
    let check = |expression: &str, value: &str, text: &str| {
        assert_eq!(shown(expression), (value.to_owned(), format!("{expression} {text}")));
    };
    check("10 / 3", "3.3333333333333333333333333333", "≈ 3.333333333333");
    check("-2 / 3", "-0.6666666666666666666666666667", "≈ -0.666666666667");
    check("10 / 3 * 3", "10", "= 10");
    check("1 / 8", "0.125", "= 0.125");
    check("1 / 3 / 10 ^ 14", "0.0000000000000033333333333333", "≈ 0.0000000000000033333333333333");
    check("1 / 10 ^ 40", "0", "≈ 0");
}

#[test]
fn problems_speak_the_users_language() {
    let english = Failure::InvalidInput("division by zero, at position 3".into());
    let chinese = Failure::InvalidInput("第 3 个字符处：除数为零".into());
    assert_eq!(run("1 / 0", "en"), Err(english));
    assert_eq!(run("1 / 0", "zh-CN"), Err(chinese));
}
