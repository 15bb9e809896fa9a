//! How a host is written, for editors.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

use crate::skills::egress::HostRule;

/// Less than the grammar, which knows public suffixes and addresses: enough to see a scheme, a path or a lone `*`.
const PATTERN: &str = r"^(\*\.)?[^\s:/\\?#@*\[\]]+(:[0-9]{1,5})?$|^\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?$";

impl JsonSchema for HostRule {
    fn schema_name() -> Cow<'static, str> {
        "HostRule".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A host, without scheme or path: `example.org` is that name, `*.example.org` every name \
                below it, `example.org:8443` another port.",
            "pattern": PATTERN,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex::Regex;

    #[test]
    fn editors_take_what_the_host_takes_and_see_the_usual_mistakes() {
        let pattern = Regex::new(PATTERN).unwrap();
        for good in ["example.org", "*.example.org:8443", "münchen.example", "192.0.2.7", "[2001:db8::7]:8080", "[::1]"]
        {
            assert!(good.parse::<HostRule>().is_ok() && pattern.is_match(good), "{good}");
        }
        for bad in ["https://example.org", "example.org/path", "*", "a.*.example.org", "user@example.org", ""] {
            assert!(bad.parse::<HostRule>().is_err() && !pattern.is_match(bad), "{bad}");
        }
    }
}
