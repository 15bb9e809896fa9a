//! The time. Needs no grant. The standard library's clocks do not exist in a component.

extern "skillet:skill/clock@0.1.0" fn @"now-ms"() u64;

/// Milliseconds since 1970-01-01 UTC.
pub fn nowMs() u64 {
    return @"now-ms"();
}
