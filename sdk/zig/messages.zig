//! Messages to the people this call is for. Granted with `messages = ["me"]`, for the conversation of
//! the call and the person's own Telegram chat, or `messages = ["me", "people"]`, for any other paired
//! person or group too.
const abi = @import("abi.zig");
const failure = @import("failure.zig");

const host = struct {
    extern "skillet:skill/messages@0.1.0" fn send(chat_case: u32, chat: [*]const u8, chat_len: usize, text: [*]const u8, text_len: usize, reply: *abi.Reply) void;
};

/// Denied: the owner has not granted it, or there is no such chat. Unavailable: the outbox cannot be
/// reached for now.
pub const Error = error{ Denied, Unavailable };

/// Queues a message to the conversation that this call came from; returns its id. A retry of the call
/// sends it no second time.
pub fn send(text: []const u8) Error![]const u8 {
    return queue(null, text);
}

/// Queues a message to another chat; returns its id. `me` is the person's own Telegram chat; anything
/// else is the name of a paired person or group, or a Telegram chat id, and needs the scope `people`.
pub fn sendTo(chat: []const u8, text: []const u8) Error![]const u8 {
    return queue(abi.utf8(chat), text);
}

fn queue(chat: ?[]const u8, text: []const u8) Error![]const u8 {
    const to: abi.Optional = .of(chat);
    const message = abi.utf8(text);
    var reply: abi.Reply = .{};
    host.send(to.case, to.ptr, to.len, message.ptr, message.len, &reply);
    if (!reply.refused()) return reply.bytes(1);
    return switch (reply.case()) {
        0 => failure.note(error.Denied, .denied, "{s}", .{reply.reason()}),
        else => failure.note(error.Unavailable, .unavailable, "the outbox is unavailable: {s}", .{reply.reason()}),
    };
}
