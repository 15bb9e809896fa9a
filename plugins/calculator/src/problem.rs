//! What can be wrong with an expression, in the words of the person who wrote it.

/// In English and in Chinese; `{}` is what stands there.
pub type Kind = [&'static str; 2];

pub const UNEXPECTED: Kind = ["did not expect `{}`", "不应出现“{}”"];
pub const INCOMPLETE: Kind = ["a number or a parenthesis is missing", "缺少一个数或括号"];
pub const TOO_DEEP: Kind = ["too much is inside one another", "嵌套太多"];
pub const NUMBER: Kind =
    ["this is no number; commas separate thousands, as in 2,340.5", "不是一个数；逗号只用来分隔千位，如 2,340.5"];
pub const PERCENT_OF: Kind = ["one side of \"of\" must be a percentage", "“的”两边必须有一个百分数"];
pub const EXPONENT: Kind =
    ["an exponent is a whole number between -1000 and 1000", "指数必须是 -1000 到 1000 之间的整数"];
pub const DIVISION_BY_ZERO: Kind = ["division by zero", "除数为零"];
pub const OVERFLOW: Kind = ["the result is too large", "结果太大"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub kind: Kind,
    /// What stands at the place.
    pub found: String,
    /// Counted in characters from 1.
    pub at: usize,
}

impl Problem {
    /// A problem at a place, which is counted in bytes.
    pub fn new(kind: Kind, expression: &str, offset: usize) -> Self {
        let (before, rest) = expression.split_at_checked(offset).unwrap_or((expression, ""));
        Self { kind, found: rest.chars().take(1).collect(), at: before.chars().count() + 1 }
    }

    pub fn text(&self, chinese: bool) -> String {
        let what = self.kind[usize::from(chinese)].replace("{}", &self.found);
        let at = self.at;
        if chinese { format!("第 {at} 个字符处：{what}") } else { format!("{what}, at position {at}") }
    }
}
