//! Requests to the hosts that the owner granted: `http = ["api.example.org"]`.
//!
//! Secrets never pass through a skill: the manifest names the header and the host puts the value in,
//! only for the host it belongs to.
const std = @import("std");
const abi = @import("abi.zig");
const failure = @import("failure.zig");

const Pair = extern struct { name: abi.Slice, value: abi.Slice };

const host = struct {
    extern "skillet:skill/http@0.1.0" fn fetch(method: [*]const u8, method_len: usize, url: [*]const u8, url_len: usize, headers: [*]const Pair, headers_len: usize, body: [*]const u8, body_len: usize, timeout_ms: u32, reply: *abi.Reply) void;
};

/// Denied: the host or the method is not granted, or the address is not public. Invalid: the request
/// makes no sense. TooLarge: the response is longer than the host accepts.
pub const Error = error{ Denied, Invalid, Timeout, TooLarge, Unreachable };

pub const Header = struct { name: []const u8, value: []const u8 };

pub const Request = struct {
    method: []const u8 = "GET",
    url: []const u8,
    headers: []const Header = &.{},
    body: []const u8 = "",
    /// For the whole response.
    timeout_ms: u32 = 10_000,
};

/// What the server answered.
pub const Response = struct {
    status: u16,
    /// In the order they came.
    headers: []const Header,
    /// Decompressed already.
    body: []const u8,

    /// An error unless the status is a success (2xx).
    pub fn ok(self: Response) error{Status}!void {
        if (self.status >= 200 and self.status <= 299) return;
        // What a retry may mend is unavailable: too many requests, the server's own fault.
        const mends = self.status == 408 or self.status == 429 or self.status >= 500;
        const kind: failure.Kind = if (mends) .unavailable else .failed;
        return failure.note(error.Status, kind, "the server answered with status {d}", .{self.status});
    }

    /// The first header of that name, in whatever case.
    pub fn header(self: Response, name: []const u8) ?[]const u8 {
        for (self.headers) |one| if (std.ascii.eqlIgnoreCase(one.name, name)) return one.value;
        return null;
    }

    /// The body as text; bytes that are not UTF-8 become U+FFFD.
    pub fn text(self: Response) []const u8 {
        return abi.utf8(self.body);
    }
};

/// Sends it. A status like 404 is a response, not an error: see `Response.ok`.
pub fn send(request: Request) (Error || error{OutOfMemory})!Response {
    const method, const url = .{ abi.utf8(request.method), abi.utf8(request.url) };
    const pairs = try abi.allocator.alloc(Pair, request.headers.len);
    for (pairs, request.headers) |*pair, one| pair.* = .{ .name = .of(abi.utf8(one.name)), .value = .of(abi.utf8(one.value)) };
    var reply: abi.Reply = .{};
    host.fetch(method.ptr, method.len, url.ptr, url.len, pairs.ptr, pairs.len, request.body.ptr, request.body.len, request.timeout_ms, &reply);
    if (reply.refused()) return refusal(&reply);
    const found = reply.items(Pair, 2);
    const headers = try abi.allocator.alloc(Header, found.len);
    for (headers, found) |*one, pair| one.* = .{ .name = pair.name.get(), .value = pair.value.get() };
    return .{ .status = @truncate(reply.words[1]), .headers = headers, .body = reply.bytes(4) };
}

fn refusal(reply: *const abi.Reply) Error {
    return switch (reply.case()) {
        0 => failure.note(error.Denied, .denied, "{s}", .{reply.reason()}),
        1 => failure.note(error.Invalid, .failed, "the request is invalid: {s}", .{reply.reason()}),
        2 => failure.note(error.Timeout, .unavailable, "the server did not answer in time", .{}),
        3 => failure.note(error.TooLarge, .failed, "the response is too large", .{}),
        else => failure.note(error.Unreachable, .unavailable, "the server cannot be reached: {s}", .{reply.reason()}),
    };
}
