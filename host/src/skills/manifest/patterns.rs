//! `[patterns]`: parts of regular expressions that triggers have in common, put in place of their names.

use regex::{Regex, RegexBuilder};
use std::{collections::BTreeMap, sync::LazyLock};

use super::{Manifest, ManifestError, bad, checks};
use crate::skills::trigger::PATTERN_BYTES;

pub(super) const MAX_PATTERNS: usize = 50;

/// Bytes of all patterns of a manifest's triggers, and of all named ones, when every name is replaced by what it stands
/// for: names within names double with each level. A manifest that is written out is no longer either.
pub(super) const MAX_EXPANDED_BYTES: usize = 128 << 10;

/// `(?&name)`, and before it a backslash with what that escapes.
static REFERENCE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?s)\\.|\(\?&(?<name>[^)]{0,60})\)").expect("a constant pattern"));

type Patterns = BTreeMap<String, String>;

/// Writes out the patterns of the triggers, so that nothing behind this knows of names.
pub(super) fn expand(manifest: &mut Manifest) -> Result<(), ManifestError> {
    let expanded = expand_named(&std::mem::take(&mut manifest.patterns))?;
    let mut total = 0;
    for (at, trigger) in manifest.triggers.iter_mut().enumerate() {
        let Some(pattern) = &mut trigger.pattern else { continue };
        let key = format!("triggers[{at}].pattern");
        *pattern = filled(pattern, |name| {
            let named = expanded.get(name);
            named.map(String::as_str).ok_or_else(|| bad(&key, format!("there is no `{name}` in [patterns]")))
        })?;
        total += pattern.len();
        check_length(&key, total)?;
    }
    Ok(())
}

/// The named patterns without a name in them.
fn expand_named(patterns: &Patterns) -> Result<Patterns, ManifestError> {
    if patterns.len() > MAX_PATTERNS {
        return Err(bad("patterns", format!("{MAX_PATTERNS} at most")));
    }
    let mut expanded = Patterns::new();
    for name in patterns.keys() {
        let named = |_| bad(format!("patterns.{name}"), format!("a name is {}", checks::NAME_SHAPE));
        checks::check_name(name).map_err(named)?;
        expand_one(name, patterns, &mut expanded, &mut Vec::new())?;
    }
    Ok(expanded)
}

/// Expands one pattern and those in it. `within` are the names that led to it.
fn expand_one<'a>(
    name: &'a str,
    patterns: &'a Patterns,
    expanded: &mut Patterns,
    within: &mut Vec<&'a str>,
) -> Result<(), ManifestError> {
    if expanded.contains_key(name) {
        return Ok(());
    }
    let key = format!("patterns.{name}");
    if within.contains(&name) {
        return Err(bad(key, format!("it is part of itself: {} → {name}", within.join(" → "))));
    }
    within.push(name);
    let text = &patterns[name];
    for (_, part) in references(text) {
        let (part, _) = patterns.get_key_value(part).ok_or_else(|| bad(&key, format!("there is no `{part}`")))?;
        expand_one(part, patterns, expanded, within)?;
    }
    within.pop();
    let body = filled(text, |part| Ok(&expanded[part]))?;
    check_length(&key, expanded.values().map(String::len).sum::<usize>() + body.len())?;
    if !is_whole(&body) {
        return Err(bad(key, "it is no regular expression by itself"));
    }
    expanded.insert(name.to_owned(), format!("(?:{body})"));
    Ok(())
}

/// What a text refers to, and where.
fn references(text: &str) -> impl Iterator<Item = (std::ops::Range<usize>, &str)> {
    REFERENCE.captures_iter(text).filter_map(|found| Some((found.get(0)?.range(), found.name("name")?.as_str())))
}

fn filled<'a>(
    text: &str,
    mut named: impl FnMut(&str) -> Result<&'a str, ManifestError>,
) -> Result<String, ManifestError> {
    let (mut filled, mut from) = (String::new(), 0);
    for (range, name) in references(text) {
        filled.push_str(&text[from..range.start]);
        filled.push_str(named(name)?);
        from = range.end;
        if filled.len() > MAX_EXPANDED_BYTES {
            break;
        }
    }
    Ok(filled + &text[from..])
}

/// `bytes` are those of a pattern and of all before it.
fn check_length(key: &str, bytes: usize) -> Result<(), ManifestError> {
    if bytes > MAX_EXPANDED_BYTES {
        return Err(bad(key, format!("{MAX_EXPANDED_BYTES} bytes at most together, with what is named put in place")));
    }
    Ok(())
}

/// Whether it is an expression by itself, so that it means the same wherever it is put. Whether blanks count in it is up
/// to the trigger, so either will do; how large it is, too.
fn is_whole(text: &str) -> bool {
    let is_bad = |verbose| {
        let built = RegexBuilder::new(text).ignore_whitespace(verbose).size_limit(PATTERN_BYTES).build();
        matches!(built, Err(regex::Error::Syntax(_)))
    };
    !is_bad(true) || !is_bad(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The patterns of the triggers, or what is wrong.
    fn read(patterns: &str, pattern: &str) -> Result<String, String> {
        let text = format!(
            "name = \"hail\"\nversion = \"1.0.0\"\ndescription = \"Hails.\"\noutput_schema = {{}}\n\
            input_schema = {{ type = \"object\", properties = {{ who = {{}} }} }}\n\
            [patterns]\n{patterns}\n[[triggers]]\npattern = '''{pattern}'''\n"
        );
        let manifest = Manifest::parse(&text).map_err(|error| error.to_string())?;
        assert!(manifest.patterns.is_empty());
        Ok(manifest.triggers[0].pattern.clone().unwrap())
    }

    #[test]
    fn names_are_replaced_in_triggers_and_in_one_another() {
        let patterns = "who = '(?P<who>(?&word))'\nhi_there = 'hi|hey'\nword = '\\w+'";
        let pattern = read(patterns, "^(?&hi_there) (?&who)$").unwrap();
        assert_eq!(pattern, r"^(?:hi|hey) (?:(?P<who>(?:\w+)))$");
        assert_eq!(read("", "^hi$").unwrap(), "^hi$");
        // An escaped parenthesis is none.
        assert_eq!(read("", r"^(\(?&x)\\$").unwrap(), r"^(\(?&x)\\$");
    }

    #[test]
    fn blanks_and_comments_are_up_to_the_trigger() {
        let pattern = read("hi = '''\nhi # (\n| hey\n'''", "(?x) ^ (?&hi) $").unwrap();
        assert!(Regex::new(&pattern).unwrap().is_match("hey"));
    }

    #[test]
    fn what_an_author_reads_has_the_bound() {
        let shape = super::super::schema();
        let described = shape["properties"]["patterns"]["description"].as_str().unwrap();
        assert!(described.contains(&format!(" {MAX_EXPANDED_BYTES} bytes")), "{described}");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let twice = |name: &str, part: &str| format!("{name} = '(?&{part})(?&{part})'\n");
        let doubling = (10..40).map(|n| twice(&format!("p{n}"), &format!("p{}", n + 1))).collect::<String>();
        let many = (0..=MAX_PATTERNS).map(|n| format!("p{n} = 'x'")).collect::<Vec<_>>().join("\n");
        for (patterns, pattern, wrong) in [
            ("", "^(?&who)$", "`triggers[0].pattern`: there is no `who` in [patterns]"),
            ("aa = '(?&bb)'", "x", "`patterns.aa`: there is no `bb`"),
            ("aa = '(?&bb)'\nbb = '(?&cc)'\ncc = '(?&bb)'", "x", "part of itself: aa → bb → cc → bb"),
            ("Big = 'x'", "x", "`patterns.Big`: a name is a lower-case letter"),
            ("aa = 'x)(y'", "x", "`patterns.aa`: it is no regular expression by itself"),
            // A comment may not go on behind it.
            ("aa = 'x # '", "(?x) (?&aa) $", "`triggers[0]`: `pattern`: regex parse error"),
            (&format!("{doubling}p40 = 'x'"), "(?&p10)", "131072 bytes at most"),
            (&many, "x", "`patterns`: 50 at most"),
        ] {
            let text = read(patterns, pattern).unwrap_err();
            assert!(text.contains(wrong), "{patterns}, {pattern}: {text}");
        }
        let long = format!("aa = '{}'", "x".repeat(10_000));
        let text = read(&long, &"(?&aa)".repeat(14)).unwrap_err();
        assert!(text.contains("`triggers[0].pattern`: 131072 bytes"), "{text}");
    }
}
