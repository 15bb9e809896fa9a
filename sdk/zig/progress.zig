//! How far a long call is, shown to the person who waits. Needs no grant.
const abi = @import("abi.zig");

const host = struct {
    extern "skillet:skill/progress@0.1.0" fn report(done: u32, total: u32, ptr: [*]const u8, len: usize) void;
};

/// `done` of `total` steps, with a few words on the step at hand.
pub fn report(done: u32, total: u32, note: []const u8) void {
    const text = abi.utf8(note);
    host.report(done, total, text.ptr, text.len);
}
