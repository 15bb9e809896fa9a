//! The facts in words, for a person.

use crate::Fact;

pub fn text(query: &str, facts: &[Fact], chinese: bool) -> String {
    let heading = match (facts.len(), chinese) {
        (0, true) => return format!("我没有关于“{query}”的记忆。"),
        (0, false) => return format!("I remember nothing about \"{query}\"."),
        (_, true) => format!("关于“{query}”，我记得："),
        (_, false) => format!("About \"{query}\" I remember:"),
    };
    facts.iter().fold(heading, |text, fact| text + "\n- " + &fact.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(text: &str) -> Fact {
        Fact { key: "k".into(), text: text.into(), score: 0.5, recorded_at_ms: 0 }
    }

    #[test]
    fn one_line_a_fact() {
        let facts = [fact("The lock code is 7291"), fact("The bike is blue")];
        assert_eq!(
            text("bike", &facts, false),
            "About \"bike\" I remember:\n- The lock code is 7291\n- The bike is blue"
        );
        assert_eq!(text("猫", &[fact("有两只猫")], true), "关于“猫”，我记得：\n- 有两只猫");
    }

    #[test]
    fn nothing_found_is_said() {
        assert_eq!(text("boats", &[], false), "I remember nothing about \"boats\".");
        assert_eq!(text("船", &[], true), "我没有关于“船”的记忆。");
    }
}
