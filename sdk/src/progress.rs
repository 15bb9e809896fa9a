//! How far a long call is, shown to the person who waits. Needs no grant.

/// `done` of `total` steps, with a few words on the step at hand.
///
/// ```
/// let pages = ["a", "b", "c"];
/// for (done, page) in (0..).zip(pages) {
///     skillet_sdk::progress::report(done, 3, page);
/// }
/// ```
pub fn report(done: u32, total: u32, note: &str) {
    if cfg!(target_family = "wasm") {
        crate::bindings::skillet::skill::progress::report(done, total, note);
    }
}
