//! The agent's own settings, only the keys that the owner opened to skills. Granted with
//! `config = true`. What the owner set for this skill is in `settings`.
const abi = @import("abi.zig");
const failure = @import("failure.zig");

const host = struct {
    extern "skillet:skill/config@0.1.0" fn get(key: [*]const u8, key_len: usize, reply: *abi.Reply) void;
    extern "skillet:skill/config@0.1.0" fn set(key: [*]const u8, key_len: usize, value: [*]const u8, value_len: usize, reply: *abi.Reply) void;
};

/// Denied: the key is not open to skills. Unknown: there is no such key. Invalid: the value does not
/// fit the key. Unavailable: the settings cannot be reached for now.
pub const Error = error{ Denied, Unknown, Invalid, Unavailable };

/// The value in force, as text.
pub fn get(key: []const u8) Error![]const u8 {
    const name = abi.utf8(key);
    var reply: abi.Reply = .{};
    host.get(name.ptr, name.len, &reply);
    try check(&reply);
    return reply.bytes(1);
}

/// Changes a setting, at once and for everyone.
pub fn set(key: []const u8, value: []const u8) Error!void {
    const name, const text = .{ abi.utf8(key), abi.utf8(value) };
    var reply: abi.Reply = .{};
    host.set(name.ptr, name.len, text.ptr, text.len, &reply);
    try check(&reply);
}

fn check(reply: *const abi.Reply) Error!void {
    if (!reply.refused()) return;
    return switch (reply.case()) {
        0 => failure.note(error.Denied, .denied, "{s}", .{reply.reason()}),
        1 => failure.note(error.Unknown, .invalid_input, "{s}", .{reply.reason()}),
        2 => failure.note(error.Invalid, .invalid_input, "{s}", .{reply.reason()}),
        else => failure.note(error.Unavailable, .unavailable, "the settings are unavailable: {s}", .{reply.reason()}),
    };
}
