//! What can be wrong with an expression, in the words of the person who wrote it.

/// A place is counted in characters from 1.
pub type Place = usize;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    Empty,
    TooLong { limit: usize },
    TooDeep { at: Place },
    Unexpected { at: Place, found: String },
    Incomplete { at: Place },
    Unclosed { at: Place },
    Number { at: Place, text: String },
    Grouping { at: Place, text: String },
    PercentOf { at: Place },
    Exponent { at: Place },
    DivisionByZero { at: Place },
    Overflow { at: Place },
}

impl Problem {
    pub fn text(&self, chinese: bool) -> String {
        if chinese { self.chinese() } else { self.english() }
    }

    fn english(&self) -> String {
        match self {
            Self::Empty => "there is nothing to calculate".into(),
            Self::TooLong { limit } => format!("the expression is longer than {limit} characters"),
            Self::TooDeep { at } => format!("too many nested parentheses at position {at}"),
            Self::Unexpected { at, found } => format!("did not expect `{found}` at position {at}"),
            Self::Incomplete { at } => format!("the expression stops short: a number is missing at position {at}"),
            Self::Unclosed { at } => format!("the parenthesis at position {at} is never closed"),
            Self::Number { at, text } => format!("`{text}` at position {at} is not a number of at most 28 digits"),
            Self::Grouping { at, text } => {
                format!("commas separate thousands, as in 2,340; `{text}` at position {at} does not")
            }
            Self::PercentOf { at } => format!("one side of the \"of\" at position {at} must be a percentage"),
            Self::Exponent { at } => {
                format!("the exponent at position {at} must be a whole number between -1000 and 1000")
            }
            Self::DivisionByZero { at } => format!("division by zero at position {at}"),
            Self::Overflow { at } => format!("the result at position {at} is too large; 28 digits is the most"),
        }
    }

    fn chinese(&self) -> String {
        match self {
            Self::Empty => "没有可计算的内容".into(),
            Self::TooLong { limit } => format!("算式超过了 {limit} 个字符"),
            Self::TooDeep { at } => format!("第 {at} 个字符处括号嵌套太多"),
            Self::Unexpected { at, found } => format!("第 {at} 个字符处不应出现“{found}”"),
            Self::Incomplete { at } => format!("算式不完整：第 {at} 个字符处缺少一个数"),
            Self::Unclosed { at } => format!("第 {at} 个字符处的括号没有闭合"),
            Self::Number { at, text } => format!("第 {at} 个字符处的“{text}”不是不超过 28 位的数"),
            Self::Grouping { at, text } => {
                format!("逗号只用来分隔千位，如 2,340；第 {at} 个字符处的“{text}”不是")
            }
            Self::PercentOf { at } => format!("第 {at} 个字符处的“的”两边必须有一个百分数"),
            Self::Exponent { at } => format!("第 {at} 个字符处的指数必须是 -1000 到 1000 之间的整数"),
            Self::DivisionByZero { at } => format!("第 {at} 个字符处除数为零"),
            Self::Overflow { at } => format!("第 {at} 个字符处结果太大，最多 28 位"),
        }
    }
}
