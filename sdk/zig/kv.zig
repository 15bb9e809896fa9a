//! Bytes kept for this skill and this user, from one call to the next. Granted with `kv = true`.
//!
//! Calls of one skill may run at the same time (unless `can_parallel = false`), so a count that is
//! read and set can lose a step; `compareAndSet` cannot.
const abi = @import("abi.zig");
const failure = @import("failure.zig");

const host = struct {
    extern "skillet:skill/kv@0.1.0" fn get(key: [*]const u8, key_len: usize, reply: *abi.Reply) void;
    extern "skillet:skill/kv@0.1.0" fn set(key: [*]const u8, key_len: usize, value: [*]const u8, value_len: usize, reply: *abi.Reply) void;
    extern "skillet:skill/kv@0.1.0" fn @"compare-and-set"(key: [*]const u8, key_len: usize, case: u32, expected: [*]const u8, expected_len: usize, value: [*]const u8, value_len: usize, reply: *abi.Reply) void;
    extern "skillet:skill/kv@0.1.0" fn delete(key: [*]const u8, key_len: usize, reply: *abi.Reply) void;
    extern "skillet:skill/kv@0.1.0" fn @"list-keys"(prefix: [*]const u8, prefix_len: usize, limit: u32, reply: *abi.Reply) void;
};

/// TooLarge: the key or the value is longer than the host keeps. QuotaExceeded: this skill's share
/// for this user is full. Unavailable: the store cannot be reached for now.
pub const Error = error{ TooLarge, QuotaExceeded, Unavailable };

/// What is kept under the key.
pub fn get(key: []const u8) Error!?[]u8 {
    const name = abi.utf8(key);
    var reply: abi.Reply = .{};
    host.get(name.ptr, name.len, &reply);
    try check(&reply);
    return if (reply.byte(1) == 0) null else reply.bytes(2);
}

/// Keeps a value under the key, in place of what was there.
pub fn set(key: []const u8, value: []const u8) Error!void {
    const name = abi.utf8(key);
    var reply: abi.Reply = .{};
    host.set(name.ptr, name.len, value.ptr, value.len, &reply);
    try check(&reply);
}

/// Keeps a value only if the present one is `expected`; whether it did.
pub fn compareAndSet(key: []const u8, expected: ?[]const u8, value: []const u8) Error!bool {
    const name = abi.utf8(key);
    const before: abi.Optional = .of(expected);
    var reply: abi.Reply = .{};
    host.@"compare-and-set"(name.ptr, name.len, before.case, before.ptr, before.len, value.ptr, value.len, &reply);
    try check(&reply);
    return reply.byte(1) != 0;
}

/// Forgets the key. To forget what is not there succeeds.
pub fn delete(key: []const u8) Error!void {
    const name = abi.utf8(key);
    var reply: abi.Reply = .{};
    host.delete(name.ptr, name.len, &reply);
    try check(&reply);
}

/// The keys that start with `prefix`, sorted, at most `limit` of them.
pub fn keys(prefix: []const u8, limit: u32) (Error || error{OutOfMemory})![][]const u8 {
    const start = abi.utf8(prefix);
    var reply: abi.Reply = .{};
    host.@"list-keys"(start.ptr, start.len, limit, &reply);
    try check(&reply);
    const found = reply.items(abi.Slice, 1);
    const names = try abi.allocator.alloc([]const u8, found.len);
    for (names, found) |*name, one| name.* = one.get();
    return names;
}

fn check(reply: *const abi.Reply) Error!void {
    if (!reply.refused()) return;
    return switch (reply.case()) {
        0 => failure.note(error.TooLarge, .failed, "the key or the value is too large to keep", .{}),
        1 => failure.note(error.QuotaExceeded, .failed, "this skill's storage for this user is full", .{}),
        else => failure.note(error.Unavailable, .unavailable, "the store is unavailable: {s}", .{reply.reason()}),
    };
}
