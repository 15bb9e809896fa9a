//! Why a run has no output. A Zig error carries no text, so the text waits here for its error.
const std = @import("std");
const abi = @import("abi.zig");

/// The contract's cases, in its order.
pub const Kind = enum(u8) { invalid_input, unavailable, denied, failed };

/// What a skill returns after it called one of the functions below.
pub const Error = error{ InvalidInput, Unavailable, Denied, Failed };

/// An error and what the host is told of it.
pub const Note = struct { cause: anyerror, kind: Kind, text: []const u8 };

var last: ?Note = null;

/// The arguments make no sense. The text should say what would be right.
pub fn invalidInput(comptime format: []const u8, args: anytype) Error {
    return note(error.InvalidInput, .invalid_input, format, args);
}

/// Something needed is away for now; the host may try again.
pub fn unavailable(comptime format: []const u8, args: anytype) Error {
    return note(error.Unavailable, .unavailable, format, args);
}

/// The owner has not granted what this needs. The text should say what to grant.
pub fn denied(comptime format: []const u8, args: anytype) Error {
    return note(error.Denied, .denied, format, args);
}

/// Anything else.
pub fn failed(comptime format: []const u8, args: anytype) Error {
    return note(error.Failed, .failed, format, args);
}

/// Keeps the text for the error, and returns the error.
pub fn note(cause: anytype, kind: Kind, comptime format: []const u8, args: anytype) @TypeOf(cause) {
    const text = std.fmt.allocPrint(abi.allocator, format, args) catch @errorName(cause);
    last = .{ .cause = cause, .kind = kind, .text = text };
    return cause;
}

/// What the host last said no with, for a skill that caught the error and wants to tell.
pub fn lastText() []const u8 {
    return if (last) |it| it.text else "";
}

/// What an error becomes that reached the end of the run.
pub fn of(cause: anyerror) Note {
    if (last) |it| if (it.cause == cause) return it;
    return .{ .cause = cause, .kind = .failed, .text = @errorName(cause) };
}
