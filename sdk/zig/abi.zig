//! How values cross to the host: the component model's canonical ABI, for 32-bit memory.
const std = @import("std");
const failure = @import("failure.zig");

/// Nothing is given back: the instance ends with its call.
pub const allocator = std.heap.wasm_allocator;

/// Where the host writes what does not fit one number. Every result of this contract has its case in
/// the first byte, the value from byte 4 on; a refusal has its own case there and its text after it.
pub const Reply = extern struct {
    words: [8]u32 align(8) = @splat(0),

    pub fn refused(self: *const Reply) bool {
        return self.byte(0) != 0;
    }

    pub fn case(self: *const Reply) u8 {
        return self.byte(1);
    }

    pub fn reason(self: *const Reply) []const u8 {
        return self.bytes(2);
    }

    /// The low byte of a word: a case or a truth value.
    pub fn byte(self: *const Reply, word: usize) u8 {
        return @truncate(self.words[word]);
    }

    /// Text or bytes whose address and length are in a word and the next one.
    pub fn bytes(self: *const Reply, word: usize) []u8 {
        return self.items(u8, word);
    }

    pub fn items(self: *const Reply, comptime T: type, word: usize) []T {
        const length = self.words[word + 1];
        if (length == 0) return &.{};
        return @as([*]T, @ptrFromInt(self.words[word]))[0..length];
    }
};

/// A text or bytes in memory, as inside of records.
pub const Slice = extern struct {
    address: u32,
    length: u32,

    pub fn of(text: []const u8) Slice {
        return .{ .address = @intFromPtr(text.ptr), .length = text.len };
    }

    pub fn get(self: Slice) []u8 {
        if (self.length == 0) return &.{};
        return @as([*]u8, @ptrFromInt(self.address))[0..self.length];
    }
};

/// An optional text as the three numbers that a function takes.
pub const Optional = struct {
    case: u32,
    ptr: [*]const u8,
    len: usize,

    pub fn of(text: ?[]const u8) Optional {
        const given = text orelse "";
        return .{ .case = @intFromBool(text != null), .ptr = given.ptr, .len = given.len };
    }
};

/// The host stops a component that sends text which is not UTF-8, so what is not becomes U+FFFD.
pub fn utf8(text: []const u8) []const u8 {
    if (std.unicode.utf8ValidateSlice(text)) return text;
    return std.fmt.allocPrint(allocator, "{f}", .{std.unicode.fmtUtf8(text)}) catch "";
}

/// The host reserves memory for what it gives.
pub fn realloc(old: ?[*]u8, old_size: usize, alignment: usize, size: usize) callconv(.c) ?[*]u8 {
    if (size == 0) return @ptrFromInt(alignment);
    // Eight fits every alignment of the contract; a list of bytes costs no more by it.
    const memory = allocator.alignedAlloc(u8, .@"8", size) catch @trap();
    if (old) |from| @memcpy(memory[0..old_size], from[0..old_size]);
    return memory.ptr;
}
