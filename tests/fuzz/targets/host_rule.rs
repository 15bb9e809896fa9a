//! Any text is a host rule or refused; a rule is shown in the one spelling that reads as itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use skillet_fuzz::skills::egress::HostRule;

fuzz_target!(|text: &str| {
    let Ok(rule) = text.parse::<HostRule>() else { return };
    let shown = rule.to_string();
    let again: HostRule = shown.parse().expect("a rule reads as it is shown");
    assert_eq!(rule, again, "{shown}");
    assert_eq!(shown, again.to_string());
    assert!(rule.covers(&again), "{shown} covers itself");
});
