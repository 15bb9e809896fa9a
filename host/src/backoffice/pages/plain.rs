//! Capabilities, imports and reasons in plain words.

use serde_json::Value;

use super::Page;

/// One thing that a skill asks for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Name of its checkbox: the capability, and the word of its scope if that is a list.
    pub field: String,
    pub capability: String,
    pub text: String,
    pub granted: bool,
}

/// Everything asked for, word by word, each with whether it was granted.
pub fn asked(page: &Page, asked: &[(String, Value)], granted: &[(String, Value)]) -> Vec<Asked> {
    let mut lines = Vec::new();
    for (capability, scope) in asked {
        let given = granted.iter().find(|(name, _)| name == capability).map(|(_, scope)| scope);
        for word in words(scope) {
            lines.push(Asked {
                field: word.map_or_else(|| format!("g:{capability}"), |word| format!("g:{capability}:{word}")),
                capability: capability.clone(),
                text: text(page, capability, word),
                granted: given.is_some_and(|given| match word {
                    Some(word) => given.as_array().is_some_and(|words| words.iter().any(|given| given == word)),
                    None => given == scope,
                }),
            });
        }
    }
    lines
}

/// The words of a scope that is a list, or one `None`.
pub fn words(scope: &Value) -> Vec<Option<&str>> {
    match scope {
        Value::Array(words) => words.iter().filter_map(Value::as_str).map(Some).collect(),
        _ => vec![None],
    }
}

/// A capability, with one word of its scope.
pub fn text(page: &Page, capability: &str, word: Option<&str>) -> String {
    match (capability, word) {
        ("memory", Some("read")) => page.t("capability.memory_read").into_owned(),
        ("memory", Some("write")) => page.t("capability.memory_write").into_owned(),
        ("messages", Some("me")) => page.t("capability.messages_me").into_owned(),
        ("messages", Some("people")) => page.t("capability.messages_people").into_owned(),
        ("llm", Some("small")) => page.t("capability.llm_small").into_owned(),
        ("llm", Some("large")) => page.t("capability.llm_large").into_owned(),
        ("http", Some(host)) => match host.strip_prefix("*.") {
            Some(above) => page.with("capability.http_below", above),
            None => page.with("capability.http", host),
        },
        ("skills", Some(skill)) => page.with("capability.skills", skill),
        (other, _) => page.word("capability", other),
    }
}

/// An interface that a component is linked with.
pub struct Import {
    pub text: String,
    /// Such as `skillet:skill/kv@0.1.0`.
    pub name: String,
}

pub fn imports(page: &Page, imports: &[String]) -> Vec<Import> {
    let imports = imports.iter().map(|name| {
        let interface = name.split('@').next().unwrap_or_default();
        let text = match (interface.strip_prefix("skillet:skill/"), interface.strip_prefix("wasi:")) {
            (Some(own), _) => page.word("import", own),
            (None, Some(wide)) => page.word("import_wasi", wide.split('/').next().unwrap_or_default()),
            (None, None) => interface.to_owned(),
        };
        Import { text, name: name.clone() }
    });
    imports.collect()
}

/// Why a version was taken back: "by hand", or by how many of its calls failed.
pub fn reason(page: &Page, reason: &str) -> String {
    let words: Vec<&str> = reason.split(' ').collect();
    match words.as_slice() {
        ["by", "hand"] => page.t("skill.by_hand").into_owned(),
        [faulty, "of", "its", "last", total, "calls", "failed"] => {
            page.t("skill.too_often").replace("%{faulty}", faulty).replace("%{total}", total)
        }
        _ => reason.to_owned(),
    }
}

/// The grants that a form's checkboxes stand for; only what is asked for can be ticked.
pub fn ticked(asked: &[(String, Value)], is_ticked: impl Fn(&str) -> bool) -> Vec<(String, Value)> {
    let mut grants = Vec::new();
    for (capability, scope) in asked {
        match scope {
            Value::Array(words) => {
                let kept: Vec<Value> = words
                    .iter()
                    .filter(|word| word.as_str().is_some_and(|word| is_ticked(&format!("g:{capability}:{word}"))))
                    .cloned()
                    .collect();
                if !kept.is_empty() {
                    grants.push((capability.clone(), Value::Array(kept)));
                }
            }
            scope if is_ticked(&format!("g:{capability}")) => grants.push((capability.clone(), scope.clone())),
            _ => {}
        }
    }
    grants
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ticks_become_grants() {
        let asked = [("memory".to_owned(), json!(["read", "write"])), ("kv".to_owned(), json!(true))];
        let check = |ticks: &[&str], expected: Value| {
            assert_eq!(json!(ticked(&asked, |field| ticks.contains(&field))), expected);
        };
        check(&["g:memory:read", "g:http:evil"], json!([["memory", ["read"]]]));
        check(&["g:kv"], json!([["kv", true]]));
        check(&[], json!([]));
    }
}
