//! What can be wrong with an expression, in the words of the person who wrote it.

/// A place is counted in characters from 1.
pub type Place = usize;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem {
    pub kind: Kind,
    pub at: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Unexpected(char),
    Incomplete,
    TooDeep,
    Number,
    PercentOf,
    Exponent,
    DivisionByZero,
    Overflow,
}

impl Problem {
    pub fn text(self, chinese: bool) -> String {
        let (english, han) = match self.kind {
            Kind::Unexpected(found) => return unexpected(found, self.at, chinese),
            Kind::Incomplete => ("a number or a parenthesis is missing", "缺少一个数或括号"),
            Kind::TooDeep => ("too much is inside one another", "嵌套太多"),
            Kind::Number => (
                "this is no number; commas separate thousands, as in 2,340.5",
                "不是一个数；逗号只用来分隔千位，如 2,340.5",
            ),
            Kind::PercentOf => ("one side of \"of\" must be a percentage", "“的”两边必须有一个百分数"),
            Kind::Exponent => {
                ("an exponent is a whole number between -1000 and 1000", "指数必须是 -1000 到 1000 之间的整数")
            }
            Kind::DivisionByZero => ("division by zero", "除数为零"),
            Kind::Overflow => ("the result is too large", "结果太大"),
        };
        if chinese {
            format!("第 {} 个字符处：{han}", self.at)
        } else {
            format!("{english}, at position {}", self.at)
        }
    }
}

fn unexpected(found: char, at: Place, chinese: bool) -> String {
    if chinese {
        format!("第 {at} 个字符处不应出现“{found}”")
    } else {
        format!("did not expect `{found}` at position {at}")
    }
}
