//! Random numbers from the host, fit for tokens and keys. Needs no grant.
const std = @import("std");
const abi = @import("abi.zig");

const host = struct {
    extern "skillet:skill/random@0.1.0" fn bytes(length: u32, reply: *abi.Reply) void;
};

/// The most that one call to the host gives.
const bytes_per_call = 1024;

/// Fills the buffer.
pub fn fill(buffer: []u8) void {
    var rest = buffer;
    while (rest.len > 0) {
        const wanted = @min(rest.len, bytes_per_call);
        var reply: abi.Reply = .{};
        host.bytes(wanted, &reply);
        @memcpy(rest[0..wanted], reply.bytes(0));
        rest = rest[wanted..];
    }
}

/// As many random bytes as length says.
pub fn bytes(length: usize) ![]u8 {
    const buffer = try abi.allocator.alloc(u8, length);
    fill(buffer);
    return buffer;
}

/// A random number, every value equally likely.
pub fn int(comptime T: type) T {
    var buffer: [@sizeOf(T)]u8 = undefined;
    fill(&buffer);
    return @bitCast(buffer);
}
