//! What the agent knows about the user this call is for. Granted with `memory = ["read", "write"]`,
//! or only one of them.
const abi = @import("abi.zig");
const failure = @import("failure.zig");

const RawFact = extern struct { key: abi.Slice, text: abi.Slice, score: f32, recorded_at_ms: u64 };

const host = struct {
    extern "skillet:skill/memory@0.1.0" fn search(query: [*]const u8, query_len: usize, limit: u32, reply: *abi.Reply) void;
    extern "skillet:skill/memory@0.1.0" fn remember(key: [*]const u8, key_len: usize, text: [*]const u8, text_len: usize, reply: *abi.Reply) void;
};

/// Denied: the owner has not granted it. Unavailable: memory cannot be reached for now.
pub const Error = error{ Denied, Unavailable };

/// Something the agent keeps about the user.
pub const Fact = struct {
    /// What the fact is about; one fact per key.
    key: []const u8,
    /// The fact in words.
    text: []const u8,
    /// Higher is nearer to the query. Only comparable within one answer.
    score: f32,
    /// When it was learnt, in milliseconds since 1970-01-01 UTC.
    recorded_at_ms: u64,
};

/// The facts nearest to the query, best first, at most `limit` of them.
pub fn search(query: []const u8, limit: u32) (Error || error{OutOfMemory})![]Fact {
    const words = abi.utf8(query);
    var reply: abi.Reply = .{};
    host.search(words.ptr, words.len, limit, &reply);
    try check(&reply);
    const found = reply.items(RawFact, 1);
    const facts = try abi.allocator.alloc(Fact, found.len);
    for (facts, found) |*fact, raw| fact.* = .{
        .key = raw.key.get(),
        .text = raw.text.get(),
        .score = raw.score,
        .recorded_at_ms = raw.recorded_at_ms,
    };
    return facts;
}

/// Keeps a fact; the host derives its key from the text.
pub fn remember(text: []const u8) Error!void {
    return rememberAs("", text);
}

/// Keeps a fact under a key, in place of what was known under it.
pub fn rememberAs(key: []const u8, text: []const u8) Error!void {
    const name, const fact = .{ abi.utf8(key), abi.utf8(text) };
    var reply: abi.Reply = .{};
    host.remember(name.ptr, name.len, fact.ptr, fact.len, &reply);
    try check(&reply);
}

fn check(reply: *const abi.Reply) Error!void {
    if (!reply.refused()) return;
    return switch (reply.case()) {
        0 => failure.note(error.Denied, .denied, "{s}", .{reply.reason()}),
        else => failure.note(error.Unavailable, .unavailable, "memory is unavailable: {s}", .{reply.reason()}),
    };
}
