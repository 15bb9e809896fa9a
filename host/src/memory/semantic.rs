//! Which facts a message states. Rules only, for Chinese and English: the person's own words about
//! himself and his own people, as they are now. A question, a plan, a story, a quotation or a pasted
//! text states nothing, and where it is not sure what is meant, nothing is kept.

mod ask;
mod clause;
mod en;
mod own;
mod request;
mod rule;
mod statement;
mod subject;
mod value;
mod when;
mod zh;

#[cfg(test)]
mod tests;

pub use ask::{Asked, asked, asks_for_all, ends_last};
pub use own::says;
pub use when::{Span, When};

use chrono::{DateTime, Duration, Utc};
use regex::Regex;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

use self::{
    clause::clauses,
    rule::class_of,
    statement::{stated, whole},
};
use crate::store::FactClass;

/// How long a passing state is held to be so, and an entry of the agenda without a date is kept.
const STATE_DAYS: i64 = 60;
const AGENDA_DAYS: i64 = 90;

/// Characters of a value that become part of a key.
const SLUG_CHARS: usize = 60;

/// A fact that a text states, or one that it ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// For example `home`, `sister.home`, `bike lock code` or `taste:tea`.
    pub key: String,
    /// The statement as it was made.
    pub text: String,
    /// The part that answers a question about it.
    pub value: String,
    /// What is meant, whatever the words: two statements of one key and one meaning are the same fact.
    pub meaning: String,
    pub class: FactClass,
    /// From when it holds, where that is told.
    pub since: Option<DateTime<Utc>>,
    /// After which it is not held to be so any longer.
    pub expires: Option<DateTime<Utc>>,
    /// It says that this is over. An empty meaning ends whatever was known under the key.
    pub ended: bool,
    /// It is said to hold beside what is known, not instead of it.
    pub adds: bool,
}

/// The facts that a message states by itself.
pub fn read(message: &str, when: &When) -> Vec<Statement> {
    let mut found: Vec<Statement> = Vec::new();
    for sentence in own::sentences(message) {
        let wishes = request::wishes(&sentence);
        if !wishes.is_empty() {
            found.extend(wishes.into_iter().map(|wish| wished(wish, &sentence)));
            continue;
        }
        let mut clauses = clauses(&sentence, when);
        let alone = clauses.len() == 1;
        for clause in &mut clauses {
            if alone {
                clause.text = whole(&sentence, &clause.text);
            }
            let wishes = request::wishes(&clause.text);
            if wishes.is_empty() {
                found.extend(stated(clause, &sentence, when));
            } else {
                found.extend(wishes.into_iter().map(|wish| wished(wish, &clause.text)));
            }
        }
    }
    settled(found)
}

/// Whether a message asks to remember what follows.
pub fn asks_to_remember(message: &str) -> bool {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)^\s*(?:please,? )?(?:remember|(?:don['’]t|never) forget)\b|^\s*(?:请|你|帮我|给我|麻烦)*(?:记住|记一下|记下|牢记)")
            .expect("a constant pattern")
    });
    ASKS.is_match(message)
}

/// The facts of a text that a person asked to remember: what it states, else the text under a key of its own.
pub fn facts_of(text: &str, when: &When) -> Vec<Statement> {
    let text = text.trim();
    let mut found: Vec<Statement> = read(text, when).into_iter().filter(|one| !one.ended).collect();
    if let [only] = found.as_mut_slice() {
        text.clone_into(&mut only.text);
    }
    if found.is_empty() {
        found.push(noted(text, when));
    }
    found
}

/// A text as one fact under a given key.
pub fn fact_under(key: &str, text: &str, when: &When) -> Statement {
    let found = facts_of(text, when).into_iter().next();
    let value = found.map_or_else(|| text.to_owned(), |one| one.value);
    let (class, meaning) = (class_of(key), meaning(&value));
    Statement {
        key: key.to_owned(),
        text: text.to_owned(),
        value,
        meaning,
        class,
        since: None,
        expires: expires(class, None, when),
        ended: false,
        adds: false,
    }
}

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

/// Whether a message asks rather than states.
pub fn is_question(message: &str) -> bool {
    static QUESTION: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?i)[?？]|吗\s*$|呢\s*$|什么|哪|谁|怎么|多少|^(?:what|where|who|when|why|how|do|does|did|is|are|can)\b",
        )
        .expect("a constant pattern")
    });
    QUESTION.is_match(message.trim())
}

fn noted(text: &str, when: &When) -> Statement {
    let (key, value) = if let Some(found) = POSSESSION.iter().find_map(|pattern| pattern.captures(text)) {
        (slug(&found["thing"]), found["value"].trim().to_owned())
    } else {
        let digest = blake3::hash(text.to_lowercase().as_bytes());
        (format!("note:{}", &digest.to_hex()[..8]), text.to_owned())
    };
    let day = when.coming(text);
    // What is remembered for a day that is still to come is over with that day.
    let dated = of_an_appointment(text) && day.is_some();
    let class = if dated { FactClass::Agenda } else { FactClass::Fact };
    let expires = day.filter(|_| dated).map(|day| day.to);
    let meaning = meaning(&value);
    Statement { key, text: text.to_owned(), value, meaning, class, since: None, expires, ended: false, adds: false }
}

/// Whether a text is about an appointment.
fn of_an_appointment(text: &str) -> bool {
    static APPOINTMENT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\b(?:exam|interview|flight|wedding|surgery|appointment|deadline|presentation|trip|concert)\b|考试|面试|航班|婚礼|手术|预约|答辩|体检|截止|演讲|比赛")
            .expect("a constant pattern")
    });
    APPOINTMENT.is_match(text)
}

/// Until when something of a class is held to be so.
fn expires(class: FactClass, text: Option<&str>, when: &When) -> Option<DateTime<Utc>> {
    match class {
        FactClass::Fact => None,
        FactClass::State => Some(when.now + Duration::days(STATE_DAYS)),
        FactClass::Agenda => {
            let day = text.and_then(|text| when.coming(text)).map(|day| day.to);
            Some(day.unwrap_or(when.now + Duration::days(AGENDA_DAYS)))
        }
    }
}

fn wished(wish: request::Wish, text: &str) -> Statement {
    Statement {
        key: wish.key,
        text: text.trim().to_owned(),
        value: wish.value,
        meaning: meaning(&wish.meaning),
        class: FactClass::Fact,
        since: None,
        expires: None,
        ended: false,
        adds: false,
    }
}

/// Of statements about one key, the last one counts; what a message says to be over is no news beside
/// what holds instead.
fn settled(found: Vec<Statement>) -> Vec<Statement> {
    let mut settled: Vec<Statement> = Vec::new();
    for one in found {
        let before = settled.iter().position(|other| other.key == one.key);
        match before {
            Some(at) if settled[at].ended || !one.ended => settled[at] = one,
            Some(_) => {}
            None => settled.push(one),
        }
    }
    settled
}

/// Lower case, one space between words.
fn slug(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ").chars().take(SLUG_CHARS).collect()
}

/// A value as it is compared: width, case, spaces and marks make no difference.
pub fn meaning(value: &str) -> String {
    let plain: String =
        value.nfkc().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric() || *c == ' ').collect();
    let words = plain.split(' ').filter(|word| !matches!(*word, "" | "a" | "an" | "the"));
    let plain = words.collect::<Vec<_>>().join(" ");
    plain.strip_suffix('市').filter(|left| !left.is_empty()).unwrap_or(&plain).chars().take(200).collect()
}

/// Other words that people ask for a key with.
pub fn aliases(key: &str) -> &'static str {
    match key.split(':').next().unwrap_or(key).rsplit('.').next().unwrap_or(key) {
        "name" | "called" => "name called 我叫 叫什么 名字 姓名",
        "home" => "home live city address 我住在 居住 城市 家",
        "from" => "from hometown origin 老家 家乡 来自",
        "allergy" => "allergy allergic 过敏",
        "diet" => "diet eat food vegetarian 饮食 吃 吃素",
        "taste" => "like prefer favourite favorite eat drink 喜欢 偏好 爱好",
        "job" => "job work profession 工作 职业",
        "employer" => "employer company work job 公司 上班 工作",
        "birthday" => "birthday born 生日",
        "marital" => "married single 婚姻 结婚",
        "rule" => "rule answer reply 回答 规则",
        "learning" => "learn study 学习",
        _ => "",
    }
}
