//! Whom a clause is about: the person who writes, or somebody or something of theirs. What is said of
//! anybody else is not kept.

use regex::Regex;
use std::sync::LazyLock;

/// Relatives, friends and animals, with the words for each; the first one is part of keys.
const RELATIONS: &[(&str, bool, &str, &str)] = &[
    // name, several may be had, English, Chinese
    ("wife", false, "wife", "老婆|妻子|太太|媳妇"),
    ("husband", false, "husband", "老公|丈夫"),
    ("spouse", false, "spouse|fiance|fiancé|fiancee|fiancée", "爱人|对象|配偶|未婚妻|未婚夫"),
    ("partner", false, "partner", "伴侣"),
    ("girlfriend", false, "girlfriend", "女朋友|女友"),
    ("boyfriend", false, "boyfriend", "男朋友|男友"),
    ("parents", false, "parents", "父母|爸妈"),
    ("mother", false, "mother|mom|mum|mama", "妈妈|母亲|老妈|妈"),
    ("father", false, "father|dad|papa", "爸爸|父亲|老爸|爸"),
    ("daughter", true, "daughter", "女儿|闺女"),
    ("son", true, "son", "儿子"),
    ("child", true, "child|kid|baby", "孩子|宝宝|小孩"),
    ("sister", true, "sister", "姐姐|妹妹|大姐|二姐|小妹|姐|妹"),
    ("brother", true, "brother", "哥哥|弟弟|大哥|二哥|小弟|哥|弟"),
    ("grandmother", true, "grandmother|grandma|granny", "奶奶|外婆|姥姥"),
    ("grandfather", true, "grandfather|grandpa", "爷爷|外公|姥爷"),
    (
        "relative",
        true,
        "aunt|uncle|cousin|niece|nephew",
        "叔叔|伯伯|阿姨|舅舅|姑姑|姨妈|表哥|表姐|表弟|表妹|堂哥|堂姐|堂弟|堂妹|侄子|侄女|外甥女|外甥",
    ),
    ("friend", true, "friend|buddy", "好朋友|朋友|闺蜜|哥们"),
    ("colleague", true, "colleague|coworker|co-worker", "同事"),
    ("classmate", true, "classmate", "同学"),
    ("boss", false, "boss|manager", "老板|领导|上司"),
    ("roommate", true, "roommate|flatmate|neighbour|neighbor", "室友|邻居"),
    ("doctor", false, "doctor|gp", "医生"),
    ("dentist", false, "dentist", "牙医"),
    ("teacher", true, "teacher", "老师"),
    ("dog", true, "dog|puppy", "小狗|狗狗|狗"),
    ("cat", true, "cat|kitten", "小猫|猫咪|猫"),
    ("pet", true, "pet|parrot|rabbit|hamster|horse", "宠物|兔子|仓鼠|鹦鹉"),
];

/// Those whose own facts are theirs to tell.
const FAR: &[&str] = &["relative", "friend", "colleague", "classmate", "roommate", "teacher"];

/// Whom a clause is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The one who writes.
    Own,
    Relation {
        /// For example `sister`, `sister anna` or `other son`: another word is somebody else.
        key: String,
        /// Whether a person may have several of them, so that another name is another one.
        several: bool,
        /// Whether what is said of them belongs to what is known of the person.
        near: bool,
    },
}

static ENGLISH: LazyLock<Regex> = LazyLock::new(|| {
    let words: Vec<&str> = RELATIONS.iter().map(|one| one.2).collect();
    Regex::new(&format!(
        r"^(?i:my|our) (?P<which>(?i:(?:older|elder|younger|little|big|other|oldest|youngest|eldest|first|second|third|ex|late|best|good|old|new|former|step|twin)[- ])*)(?P<noun>(?i:{}))(?: (?P<name>\p{{Lu}}\p{{L}}+))?(?P<possessive>['’]s|['’])?[ ,]+(?P<rest>.+)$",
        words.join("|")
    ))
    .expect("a constant pattern")
});

static CHINESE: LazyLock<Regex> = LazyLock::new(|| {
    let words: Vec<&str> = RELATIONS.iter().map(|one| one.3).collect();
    Regex::new(&format!(
        "^(?:我们?家?|咱们?家?)的?(?P<which>(?:大|小|二|前|另一?个|另外一?个|老)?)(?P<noun>{})(?P<name>[A-Z][A-Za-z]+)?(?P<rest>.+)$",
        words.join("|")
    ))
    .expect("a constant pattern")
});

static OWN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:(?i:i|we) (?P<en>.+)|(?:我们?|咱们?|本人)(?:自己)?(?P<zh>.+))$").expect("a constant pattern")
});

impl Subject {
    /// The subject that a clause names, and what is said of it. A possessive comes as `'s …` or `的…`.
    pub fn of(clause: &str) -> Option<(Self, String)> {
        if let Some(found) = ENGLISH.captures(clause).or_else(|| CHINESE.captures(clause)) {
            let (name, several) = relation(&found["noun"])?;
            let near = !FAR.contains(&name);
            let which = found["which"].trim().to_lowercase().replace('-', " ");
            let which = match which.as_str() {
                "前" => "ex",
                "另一个" | "另外一个" | "另个" => "other",
                other => other,
            };
            let own_name = found.name("name").map_or(String::new(), |name| name.as_str().to_lowercase());
            let key =
                [which, name, &own_name].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
            let possessive = found.name("possessive").map_or("", |_| "'s ");
            return Some((Self::Relation { key, several, near }, format!("{possessive}{}", &found["rest"])));
        }
        let found = OWN.captures(clause)?;
        let rest = found.name("en").or_else(|| found.name("zh"))?.as_str().to_owned();
        Some((Self::Own, rest))
    }

    /// The key of something that is said of the subject.
    pub fn key(&self, of: &str) -> String {
        match self {
            Self::Own => of.to_owned(),
            Self::Relation { key, .. } => format!("{key}.{of}"),
        }
    }

    pub fn is_own(&self) -> bool {
        *self == Self::Own
    }

    pub fn is_near(&self) -> bool {
        matches!(self, Self::Own | Self::Relation { near: true, .. })
    }

    pub fn may_be_several(&self) -> bool {
        matches!(self, Self::Relation { several: true, .. })
    }
}

/// The relation that a word of either language stands for; words that tell siblings apart stay apart.
fn relation(word: &str) -> Option<(&'static str, bool)> {
    let word = word.to_lowercase();
    let named = |list: &str| list.split('|').any(|one| one == word);
    let (name, several, ..) = RELATIONS.iter().find(|(_, _, en, zh)| named(en) || named(zh))?;
    Some((name, *several))
}

/// The relation that a question is about, for example `wife` for "my wife" and 我老婆.
pub fn asked(text: &str) -> Option<String> {
    static ASKED: LazyLock<Regex> = LazyLock::new(|| {
        let en: Vec<&str> = RELATIONS.iter().map(|one| one.2).collect();
        let zh: Vec<&str> = RELATIONS.iter().map(|one| one.3).collect();
        Regex::new(&format!(r"(?i)\bmy (?P<en>{})\b|我们?家?的?(?P<zh>{})", en.join("|"), zh.join("|")))
            .expect("a constant pattern")
    });
    let found = ASKED.captures(text)?;
    let noun = found.name("en").or_else(|| found.name("zh"))?;
    relation(noun.as_str()).map(|(name, _)| name.to_owned())
}
