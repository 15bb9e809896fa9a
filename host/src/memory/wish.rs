//! Messages that ask to forget. A person who has forgotten something himself, asks not to forget, or says
//! "forget it" and means "never mind", asks for nothing of the kind.

use regex::Regex;
use std::sync::LazyLock;

/// What a person wants forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// What was last spoken about.
    Last,
    /// What these words are about: a statement, or the name of a thing.
    About {
        words: String,
        /// Everything that has to do with it, not one fact.
        all: bool,
    },
}

static LAST: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    patterns(&[
        r"(?i)^(?:please |pls |can you |could you )?forget (?:that|this|what i (?:just |have just )?(?:said|told you|wrote)|(?:that|my|the) last (?:thing|message|bit)(?: i (?:said|told you))?|i said that)(?: again)?(?:,? please)?$",
        r"^(?:请|麻烦你?|帮我|你)*(?:忘了|忘掉|忘记)(?:这个|那个|这件事|那件事|这条|这句话|(?:我)?(?:刚才|刚刚)(?:说|讲|告诉你)的(?:话|事)?)吧?$",
        r"^(?:请|麻烦你?|帮我|你)*把?(?:这个|那个|这件事|那件事|这条|这句话|(?:我)?(?:刚才|刚刚)(?:说|讲|告诉你)的(?:话|事)?|上一[句条](?:话)?)(?:给我|都|全)?(?:忘了|忘掉|忘记)吧?$",
    ])
});

static ABOUT: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    patterns(&[
        r"(?i)^/forget\s+(?P<words>\S.*)$",
        r"(?i)^(?:please |pls |can you |could you )?(?:forget|erase|delete) (?P<all>everything|anything|all|whatever)(?: (?:that )?you (?:know|remember|have))? (?:about|on|of) (?P<words>.+?)(?:,? please)?$",
        r"(?i)^(?:please |pls |can you |could you )?forget (?:that |what i (?:said|told you) about |what you know about )?(?P<words>(?:my|our|i|i'm|we) .+?)(?:,? please)?$",
        r"(?i)^(?:please |pls |can you |could you )?(?:forget|erase|delete) what i (?:said|told you) about (?P<words>.+?)(?:,? please)?$",
        r"(?i)^(?:please |pls |can you |could you )?forget (?P<words>(?:where|what|who|when|how) (?:i|my|our|we) .+?)(?:,? please)?$",
        r"(?i)^(?:please |pls |can you |could you )?(?:delete|erase|remove) (?P<words>.+?) from (?:your )?memory(?:,? please)?$",
        r"^(?:请|麻烦你?|帮我|你)*(?:忘掉|忘记|忘了)(?P<all>所有|一切)?(?:关于|有关)(?P<words>.+?)(?:的)?(?P<each>一切|所有(?:事情?|内容)?|全部)?(?:事情?)?吧?$",
        r"^(?:请|麻烦你?|帮我|你)*(?:忘掉|忘记|忘了)(?P<words>我们?(?:的|住|叫|喜欢|在|对|是|不).*?)(?:的事情?|这件事)?吧?$",
        r"^(?:请|麻烦你?|帮我|你)*把(?P<words>[^，,]+?)(?:的事情?|这件事)?(?:给我|都|全部?)?(?:忘了|忘掉|忘记|从(?:你的)?记忆(?:里|中)(?:删掉|删了|删除))吧?$",
    ])
});

fn patterns(texts: &[&str]) -> Vec<Regex> {
    texts.iter().map(|text| Regex::new(text).expect("a constant pattern")).collect()
}

/// The wish that a message is, if it is one.
pub fn wish(message: &str) -> Option<Wish> {
    let text = message.trim().trim_end_matches(['.', '!', '。', '！', ' ']);
    if text.contains(['?', '？', '\n']) || text.ends_with(['吗', '嗎']) {
        return None;
    }
    if LAST.iter().any(|pattern| pattern.is_match(text)) {
        return Some(Wish::Last);
    }
    ABOUT.iter().find_map(|pattern| {
        let found = pattern.captures(text)?;
        let all = found.name("all").or_else(|| found.name("each")).is_some();
        Some(Wish::About { words: found["words"].trim().to_owned(), all })
    })
}

#[cfg(test)]
mod tests {
    use super::{Wish, wish};

    #[test]
    fn wishes_are_told_from_what_only_sounds_alike() {
        let about = |words: &str, all| Some(Wish::About { words: words.into(), all });
        let check = |message: &str, expected: Option<Wish>| assert_eq!(wish(message), expected, "{message}");
        check("forget that", Some(Wish::Last));
        check("Please forget what I just said.", Some(Wish::Last));
        check("把这个忘了", Some(Wish::Last));
        check("忘掉我刚才说的话吧", Some(Wish::Last));
        check("忘了这件事。", Some(Wish::Last));
        check("forget my bike lock code", about("my bike lock code", false));
        check("forget that my bike lock code is 7291", about("my bike lock code is 7291", false));
        check("Forget where I live, please", about("where I live", false));
        check("forget everything about Anna", about("Anna", true));
        check("Forget everything you know about my sister!", about("my sister", true));
        check("/forget my car", about("my car", false));
        check("remove my address from your memory", about("my address", false));
        check("忘掉我的车牌号", about("我的车牌号", false));
        check("请忘记我住在柏林。", about("我住在柏林", false));
        check("把我的车牌号忘了吧", about("我的车牌号", false));
        check("忘掉关于小雨的一切", about("小雨", true));
        check("把我的地址从记忆里删掉", about("我的地址", false));
        for other in [
            "forget it",
            "forget about it",
            "don't forget my birthday",
            "do not forget that",
            "别忘了我的生日",
            "我忘了带钥匙",
            "忘了带钥匙",
            "I forgot my keys",
            "can you forget that?",
            "你会忘记我的车牌号吗",
            "forget to call mom",
            "把窗户关了",
            "把文件删掉",
            "delete that",
            "never forget that",
        ] {
            check(other, None);
        }
    }
}
