//! Lines that the owner reads beside the call. Needs no grant.
const std = @import("std");
const abi = @import("abi.zig");

extern "skillet:skill/log@0.1.0" fn write(level: u32, ptr: [*]const u8, len: usize) void;

const Level = enum(u32) { debug, info, warn, err };

/// For whoever debugs the skill.
pub fn debug(comptime format: []const u8, args: anytype) void {
    line(.debug, format, args);
}

/// Worth knowing.
pub fn info(comptime format: []const u8, args: anytype) void {
    line(.info, format, args);
}

/// Odd, but the call goes on.
pub fn warn(comptime format: []const u8, args: anytype) void {
    line(.warn, format, args);
}

/// The call will not do what was asked.
pub fn err(comptime format: []const u8, args: anytype) void {
    line(.err, format, args);
}

/// For `std.log`.
pub fn logFn(comptime level: std.log.Level, comptime _: @EnumLiteral(), comptime format: []const u8, args: anytype) void {
    line(switch (level) {
        .err => .err,
        .warn => .warn,
        .info => .info,
        .debug => .debug,
    }, format, args);
}

fn line(level: Level, comptime format: []const u8, args: anytype) void {
    // Where memory is used up, a panic still has its text.
    const text = abi.utf8(std.fmt.allocPrint(abi.allocator, format, args) catch format);
    write(@backingInt(level), text.ptr, text.len);
}
