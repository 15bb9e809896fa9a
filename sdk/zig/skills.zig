//! Other skills of the host. Granted with `skills = ["calculator"]`.
//!
//! What the other skill uses counts against this call: three levels deep at most, sixteen calls in
//! all, within the fuel and the time of the first one. It runs for the same person, in a sandbox of
//! its own.
const abi = @import("abi.zig");
const failure = @import("failure.zig");

const host = struct {
    extern "skillet:skill/skills@0.1.0" fn call(skill: [*]const u8, skill_len: usize, input: [*]const u8, input_len: usize, reply: *abi.Reply) void;
};

/// Runs another skill on JSON and returns its output, JSON too: see `skillet.toJson` and `fromJson`.
///
/// The error is what the other skill says, Denied if this one may not call it, Unavailable if the
/// share of the first call is used up or no place is free.
pub fn call(skill: []const u8, input: []const u8) failure.Error![]const u8 {
    const name, const arguments = .{ abi.utf8(skill), abi.utf8(input) };
    var reply: abi.Reply = .{};
    host.call(name.ptr, name.len, arguments.ptr, arguments.len, &reply);
    if (!reply.refused()) return reply.bytes(1);
    return switch (reply.case()) {
        0 => failure.invalidInput("{s}", .{reply.reason()}),
        1 => failure.unavailable("{s}", .{reply.reason()}),
        2 => failure.denied("{s}", .{reply.reason()}),
        else => failure.failed("{s}", .{reply.reason()}),
    };
}
