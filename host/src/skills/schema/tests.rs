//! What is refused before it costs anything, and what is checked within bounds.

use super::{Schema, weight::weigh};
use serde_json::{Value, json};

#[test]
fn references_are_followed_and_counted() {
    let fine = json!({ "$defs": { "a": { "type": "string" } }, "properties": { "x": { "$ref": "#/$defs/a" } } });
    assert_eq!(weigh(&fine).unwrap().nodes, 5);
    let refused = |schema: Value, part: &str| {
        let reason = weigh(&schema).unwrap_err();
        assert!(reason.contains(part), "{reason}");
    };
    refused(json!({ "$ref": "https://example.org/schema" }), "not a place");
    refused(json!({ "$ref": "#" }), "not a place");
    refused(json!({ "$defs": { "a": { "anyOf": [{ "$ref": "#/$defs/a" }] } }, "$ref": "#/$defs/a" }), "leads back");
    let mut defs = serde_json::Map::new();
    for n in 0..26 {
        let next = json!({ "$ref": format!("#/$defs/d{}", n + 1) });
        defs.insert(format!("d{n}"), json!({ "anyOf": [next, next] }));
    }
    defs.insert("d26".into(), json!({ "type": "string" }));
    refused(json!({ "$defs": defs, "$ref": "#/$defs/d0" }), "more than");
}

/// A schema of 40 patterns that none of the fast ways of the engine helps with, and a text that keeps all of their
/// places alive.
fn slow_patterns(bytes: usize) -> (Value, Value) {
    let patterns: Vec<Value> = (0..40).map(|n| json!({ "pattern": format!("a[ab]{{{}}}[cd]", 400 + n) })).collect();
    let mut random: u32 = 1;
    let mut letter = || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        if random >> 31 == 0 { 'a' } else { 'b' }
    };
    (json!({ "anyOf": patterns }), json!((0..bytes).map(|_| letter()).collect::<String>()))
}

#[test]
fn what_is_looked_for_again_and_again_is_refused() {
    let mut schema = json!({ "properties": { "a": { "type": "integer" } }, "unevaluatedProperties": false });
    assert!(Schema::new(&schema).unwrap().fits(&json!({ "a": 1 })));
    for _ in 0..20 {
        schema = json!({ "allOf": [schema], "unevaluatedProperties": false });
    }
    let reason = Schema::new(&schema).unwrap_err();
    assert!(reason.contains("more than 10000 parts"), "{reason}");
}

/// What is followed and counted is what the check will follow.
#[test]
fn nothing_is_hidden_from_the_scales() {
    let bomb = |at: &str| {
        let mut defs = serde_json::Map::new();
        for n in 0..20 {
            let next = json!({ "$ref": format!("{at}/d{}", n + 1) });
            defs.insert(format!("d{n}"), json!({ "anyOf": [next, next] }));
        }
        defs.insert("d20".into(), json!({ "type": "string" }));
        defs
    };
    for name in ["$defs", "definitions"] {
        let hidden = json!({ "properties": { name: { "$ref": "#/$defs/d0" } }, "$defs": bomb("#/$defs") });
        assert!(weigh(&hidden).unwrap_err().contains("more than"), "{name}");
    }
    let elsewhere = json!({ "$defs": { "d0": true, "x": {
        "$id": "https://example.org/x", "$ref": "#/$defs/d0", "$defs": bomb("#/$defs"),
    } }, "$ref": "#/$defs/x" });
    assert!(weigh(&elsewhere).unwrap_err().contains("at the top"));
    let fine = json!({ "$id": "https://example.org/y", "properties": { "$id": { "type": "string" }, "$ref": true } });
    assert!(Schema::new(&fine).unwrap().fits(&json!({ "$id": "a" })));
}

#[test]
fn patterns_are_bounded_in_number_and_size() {
    let refused = |schema: Value, part: &str| {
        let reason = Schema::new(&schema).unwrap_err();
        assert!(reason.contains(part), "{reason}");
    };
    let many = |n: usize| json!({ "allOf": (0..n).map(|n| json!({ "pattern": format!("{n}") })).collect::<Vec<_>>() });
    assert!(Schema::new(&many(64)).is_ok());
    refused(many(65), "64 patterns");
    refused(json!({ "$defs": many(65) }), "64 patterns");
    refused(json!({ "pattern": "a".repeat(1_001) }), "1000 bytes");
    refused(json!({ "pattern": "\\p{L}{1000}" }), "pattern");
    refused(json!({ "patternProperties": { "\\p{L}{100}": true } }), "patternProperties");
    assert!(Schema::new(&json!({ "patternProperties": { "^[a-z_]{1,40}$": true } })).is_ok());
    refused(json!({ "pattern": "(?=a)b" }), "pattern");
}

#[test]
fn patterns_that_take_long_are_given_up() {
    let (schema, text) = slow_patterns(60_000);
    let schema = Schema::new(&schema).unwrap();
    let began = std::time::Instant::now();
    let reason = schema.check(&text).unwrap_err();
    assert!(reason.contains("too long"), "{reason}");
    // Not tried is not refused: what is a match only as long as a pattern does not match is none either.
    let (not, _) = slow_patterns(0);
    assert!(!Schema::new(&json!({ "not": not })).unwrap().fits(&text));
    assert!(began.elapsed().as_secs() < 30, "{:?}", began.elapsed());
    let reason = Schema::new(&json!({ "pattern": "^b" })).unwrap().check(&json!("a".repeat(70_000))).unwrap_err();
    assert!(reason.contains("too long"), "{reason}");
    assert!(!schema.check(&json!("a short one")).unwrap_err().contains("too long"), "the next check begins anew");
}

#[test]
fn a_place_is_told_where_there_is_one() {
    let schema = json!({ "required": ["name"], "properties": { "name": { "type": "string" } } });
    let schema = Schema::new(&schema).unwrap();
    assert_eq!(schema.check(&json!({})).unwrap_err(), "\"name\" is a required property");
    assert!(schema.check(&json!({ "name": 1 })).unwrap_err().ends_with(" at `/name`"));
}

#[test]
fn a_pattern_is_told_like_any_other_keyword() {
    let schema = json!({ "properties": { "id": { "type": "string", "pattern": "^[0-9]{3}$" } } });
    let schema = Schema::new(&schema).unwrap();
    assert!(schema.fits(&json!({ "id": "123" })) && schema.fits(&json!({})));
    let told = schema.check(&json!({ "id": "12" })).unwrap_err();
    assert!(told.contains("does not match") && told.ends_with("at `/id`") && !told.contains("\"12\""), "{told}");
    assert!(!schema.fits(&json!({ "id": 123 })));
}

#[test]
fn much_is_not_held_against_much() {
    let zeros = json!(vec![0; 200_000]);
    let alternatives =
        |n: i32| json!({ "anyOf": (0..n).map(|_| json!({ "items": { "type": "string" } })).collect::<Vec<_>>() });
    // Each alternative would leave an error for each of the values.
    let told = Schema::new(&alternatives(100)).unwrap().check(&zeros).unwrap_err();
    assert_eq!(told, "it does not fit the schema");
    let told = Schema::new(&alternatives(100)).unwrap().check(&json!([0])).unwrap_err();
    assert!(told.contains("anyOf"), "{told}");
    let constants: Vec<Value> = (1..=600).map(|n| json!({ "const": n })).collect();
    let told = Schema::new(&json!({ "items": { "anyOf": constants } })).unwrap().check(&zeros).unwrap_err();
    assert!(told.contains("too much"), "{told}");
    assert!(Schema::new(&json!({ "items": { "type": "integer", "minimum": 0 } })).unwrap().fits(&zeros));
    let patterns: serde_json::Map<String, Value> = (0..60).map(|n| (format!("^x{n}"), json!(true))).collect();
    let keys: serde_json::Map<String, Value> = (0..4_000).map(|n| (format!("key {n:05}"), json!(0))).collect();
    let told = Schema::new(&json!({ "patternProperties": patterns })).unwrap().check(&json!(keys)).unwrap_err();
    assert!(told.contains("too much"), "{told}");
}
