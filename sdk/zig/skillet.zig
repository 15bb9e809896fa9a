//! Write Skillet skills in Zig.
//!
//! A skill is a file `skill.zig` with one public function:
//!
//!     const skillet = @import("skillet");
//!
//!     const Input = struct { name: []const u8 };
//!     const Output = struct { text: []const u8 };
//!
//!     pub fn run(call: skillet.Call, input: Input) !Output {
//!         if (input.name.len == 0) return skillet.invalidInput("the name is empty", .{});
//!         return .{ .text = try skillet.print("Hello, {s}!", .{input.name}) };
//!     }
//!
//! It is built into a WebAssembly component that the host runs in a sandbox, in a fresh instance for
//! each call: no variable survives from one to the next, and no memory has to be given back.
const std = @import("std");
const abi = internal.abi;
const failure = internal.failure;

pub const clock = @import("clock.zig");
pub const config = @import("config.zig");
pub const http = @import("http.zig");
pub const jobs = @import("jobs.zig");
pub const kv = @import("kv.zig");
pub const llm = @import("llm.zig");
pub const log = @import("log.zig");
pub const memory = @import("memory.zig");
pub const messages = @import("messages.zig");
pub const progress = @import("progress.zig");
pub const random = @import("random.zig");
pub const settings = @import("settings.zig");
pub const skills = @import("skills.zig");

pub const Error = failure.Error;
pub const invalidInput = failure.invalidInput;
pub const unavailable = failure.unavailable;
pub const denied = failure.denied;
pub const failed = failure.failed;
pub const lastText = failure.lastText;

/// Memory for the rest of the call.
pub const allocator = abi.allocator;

/// One run of a skill. The host fills in every field.
pub const Call = struct {
    /// A UUIDv7, the same on every retry of this run.
    id: []const u8,
    /// 1 on the first attempt.
    attempt: u32,
    /// IETF language tag of the user, for example `zh-CN`.
    locale: []const u8,
    /// IANA zone of the user, for example `Asia/Shanghai`.
    time_zone: []const u8,
    /// Milliseconds that were left, when the run began, until the host stops it.
    deadline_ms: u64,

    /// Whether replies should be in Chinese: the locale is `zh` or a variety of it.
    pub fn isChinese(call: Call) bool {
        const end = std.mem.findAny(u8, call.locale, "-_") orelse call.locale.len;
        return std.ascii.eqlIgnoreCase(call.locale[0..end], "zh");
    }
};

/// A text made of a format and its values.
pub fn print(comptime format: []const u8, args: anytype) ![]u8 {
    return std.fmt.allocPrint(allocator, format, args);
}

/// A value as JSON.
pub fn toJson(value: anytype) ![]u8 {
    return std.json.Stringify.valueAlloc(allocator, value, .{ .emit_null_optional_fields = true });
}

/// JSON as a value; fields that the type has not are passed over.
pub fn fromJson(comptime T: type, text: []const u8) !T {
    return std.json.parseFromSliceLeaky(T, allocator, text, .{ .ignore_unknown_fields = true });
}

/// For the component's export; changes without notice.
pub const internal = struct {
    pub const abi = @import("abi.zig");
    pub const failure = @import("failure.zig");
};
