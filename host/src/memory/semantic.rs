//! Which key a fact has, and which messages state something stable by themselves. Rules only: a
//! question, a story or a passing wish is not a fact.

use regex::Regex;
use std::sync::LazyLock;

/// A fact found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detected {
    /// For example `home`, `name`, `bike lock code` or `likes:tea`.
    pub key: String,
    /// The statement as it was made.
    pub text: String,
    /// The part that answers a question about it.
    pub value: String,
}

struct Rule {
    /// With `{value}` the value becomes part of the key: several may be true at once.
    key: &'static str,
    pattern: Regex,
}

const VALUE: &str = r"(?P<value>[^.!?。！？;；\n]{1,200}?)\s*[.!。！]?$";

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    [
        ("name", r"(?i)^(?:my name is|i am called)\s+"),
        (
            "name",
            r"^(?:我的名字(?:是|叫)|我叫)(?P<value>[[\p{Han}A-Za-z·]--[你您他她它]][\p{Han}A-Za-z·]{0,11})[。！]?$",
        ),
        ("home", r"(?i)^i (?:now )?(?:live in|(?:have )?moved to)(?P<value> (?-i:\p{Lu})[\p{L} ,'-]{1,60})[.!]?$"),
        ("home", r"^我(?:现在|目前)?(?:住在|搬到了?|搬去了?)\s*"),
        ("allergy:{value}", r"(?i)^i(?:'m| am) allergic to\s+"),
        ("allergy:{value}", r"^我对(?P<value>[^。！？\n]{1,60}?)过敏[。！]?$"),
        ("diet:{value}", r"(?i)^i (?:don't|do not|never) eat\s+"),
        ("diet:{value}", r"^我(?:从来)?不吃\s*"),
        ("likes:{value}", r"(?i)^i (?:prefer|always prefer|really like|like)\s+"),
        ("likes:{value}", r"^我(?:更|比较|最)?(?:喜欢|偏好|爱)(?:吃|喝|用)?\s*"),
        ("job", r"(?i)^i work as an? "),
        ("job", r"^我(?:的职业是|的工作是|是一[名位])\s*"),
    ]
    .into_iter()
    .map(|(key, head)| {
        let pattern = if head.contains("(?P<value>") { head.to_owned() } else { format!("{head}{VALUE}") };
        Rule { key, pattern: Regex::new(&pattern).expect("a constant pattern") }
    })
    .collect()
});

/// `my X is Y`, `我的X是Y`: only where a person asks to remember, since it may be about anything.
static POSSESSION: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        r"(?i)^my (?P<thing>[^.!?,]{1,60}?) (?:is|are) (?P<value>.{1,500})$",
        r"^我的?(?P<thing>[^，。！？是]{1,30}?)是(?P<value>.{1,500})$",
    ]
    .into_iter()
    .map(|pattern| Regex::new(pattern).expect("a constant pattern"))
    .collect()
});

static QUESTION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)[?？]|吗\s*$|呢\s*$|什么|哪|谁|怎么|多少|^(?:what|where|who|when|why|how|do|does|did|is|are|can)\b",
    )
    .expect("a constant pattern")
});

/// Whether a message asks rather than states.
pub fn is_question(message: &str) -> bool {
    QUESTION.is_match(message.trim())
}

/// Facts that a message states by itself, without being asked to remember: at most one, since
/// only a message that is nothing but the statement counts.
pub fn stable_facts(message: &str) -> Vec<Detected> {
    let text = message.trim();
    if QUESTION.is_match(text) {
        return Vec::new();
    }
    by_rule(text).into_iter().collect()
}

/// The key and value of a text that a person asked to remember.
pub fn fact_of(text: &str) -> Detected {
    let text = text.trim();
    if let Some(fact) = by_rule(text) {
        return fact;
    }
    for pattern in POSSESSION.iter() {
        if let Some(found) = pattern.captures(text) {
            return Detected {
                key: slug(&found["thing"]),
                text: text.to_owned(),
                value: found["value"].trim().to_owned(),
            };
        }
    }
    let digest = blake3::hash(text.to_lowercase().as_bytes());
    Detected { key: format!("note:{}", &digest.to_hex()[..8]), text: text.to_owned(), value: text.to_owned() }
}

/// Other words that people ask for a key with.
pub fn aliases(key: &str) -> &'static str {
    match key.split(':').next().unwrap_or(key) {
        "name" => "name called 我叫 叫什么 名字 姓名",
        "home" => "home live city address 我住在 居住 城市 家",
        "allergy" => "allergy allergic 过敏",
        "diet" => "diet eat food 饮食 吃",
        "likes" => "like prefer favourite favorite 喜欢 偏好 爱好",
        "job" => "job work profession 工作 职业",
        _ => "",
    }
}

/// Words that point at something said before and mean nothing later.
const POINTERS: &[&str] = &["it", "that", "this", "them", "you", "him", "her", "这个", "那个", "它", "你", "你们"];

fn by_rule(text: &str) -> Option<Detected> {
    RULES.iter().find_map(|rule| {
        let value = rule.pattern.captures(text)?.name("value")?.as_str().trim().trim_end_matches('了').to_owned();
        let key = rule.key.replace("{value}", &slug(&value));
        let says_something = !value.is_empty() && !POINTERS.contains(&value.to_lowercase().as_str());
        says_something.then(|| Detected { key, text: text.to_owned(), value })
    })
}

/// Lower case, one space between words, 60 characters at most.
fn slug(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ").chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_have_keys_and_values() {
        let check = |text: &str, key: &str, value: &str| {
            let fact = fact_of(text);
            assert_eq!((fact.key.as_str(), fact.value.as_str()), (key, value), "{text}");
        };
        check("我住在上海", "home", "上海");
        check("我搬到上海了", "home", "上海");
        check("I live in Berlin.", "home", "Berlin");
        check("我叫小明", "name", "小明");
        check("my bike lock code is 7291", "bike lock code", "7291");
        check("我的车牌号是沪A12345", "车牌号", "沪A12345");
        check("我对花生过敏", "allergy:花生", "花生");
        check("I prefer green tea", "likes:green tea", "green tea");
    }

    #[test]
    fn only_plain_statements_are_learnt() {
        let check = |text: &str, count: usize| assert_eq!(stable_facts(text).len(), count, "{text}");
        check("I prefer short answers", 1);
        check("我喜欢喝绿茶", 1);
        check("do I like tea?", 0);
        check("I like it", 0);
        check("call me back tomorrow", 0);
        check("叫我明天早上起床", 0);
        check("我叫你别说了", 0);
        check("我是一个人来的", 0);
        check("I moved to the next question", 0);
        check("我喜欢什么", 0);
        check("nice weather today", 0);
        check("my bike lock code is 7291", 0);
    }
}
