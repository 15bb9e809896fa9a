//! Hashes a text, or encodes and decodes it.
const std = @import("std");
const skillet = @import("skillet");

const Md5 = std.crypto.hash.Md5;
const Sha1 = std.crypto.hash.Sha1;
const Sha256 = std.crypto.hash.sha2.Sha256;
const base64 = std.base64;

const Input = struct { method: []const u8, text: []const u8, direction: []const u8 = "encode" };

const Output = struct { value: []const u8, text: []const u8 };

const Method = enum {
    sha256,
    sha1,
    md5,
    crc32,
    base64,
    base64url,
    hex,
    url,

    fn label(method: Method) []const u8 {
        return switch (method) {
            .sha256 => "SHA-256",
            .sha1 => "SHA-1",
            .md5 => "MD5",
            .crc32 => "CRC-32",
            .base64 => "Base64",
            .base64url => "Base64url",
            .hex => "Hex",
            .url => "URL",
        };
    }

    fn isHash(method: Method) bool {
        return switch (method) {
            .sha256, .sha1, .md5, .crc32 => true,
            .base64, .base64url, .hex, .url => false,
        };
    }
};

/// Names in Chinese, and what they stand for.
const chinese_names = std.StaticStringMap([]const u8).initComptime(.{
    .{ "十六进制", "hex" },
    .{ "网址", "url" },
    .{ "编码", "encode" },
    .{ "解码", "decode" },
});

pub fn run(call: skillet.Call, input: Input) !Output {
    const method = std.meta.stringToEnum(Method, try plain(input.method)) orelse
        return skillet.invalidInput("the method is sha256, sha1, md5, crc32, base64, base64url, hex or url", .{});
    const direction = std.meta.stringToEnum(enum { encode, decode }, try plain(input.direction)) orelse
        return skillet.invalidInput("the direction is encode or decode", .{});
    const back = direction == .decode;
    const value = if (back) try decode(method, input.text) else try encode(method, input.text);
    if (!std.unicode.utf8ValidateSlice(value)) {
        return skillet.invalidInput("it decodes to {d} bytes that are not text", .{value.len});
    }
    return .{ .value = value, .text = try skillet.print("{s}{s}", .{ try heading(call, method, back), value }) };
}

/// A name as it is compared: SHA-256, sha_256 and sha256 are the same.
fn plain(name: []const u8) ![]const u8 {
    const letters = try without(name, "-_ ");
    return chinese_names.get(letters) orelse try std.ascii.allocLowerString(skillet.allocator, letters);
}

fn heading(call: skillet.Call, method: Method, back: bool) ![]const u8 {
    const chinese = call.isChinese();
    const done = if (method.isHash())
        ""
    else if (back)
        (if (chinese) " 解码" else " decoded")
    else
        (if (chinese) " 编码" else " encoded");
    return skillet.print("{s}{s}{s}", .{ method.label(), done, if (chinese) "：" else ": " });
}

fn encode(method: Method, text: []const u8) ![]const u8 {
    return switch (method) {
        .sha256 => hashed(Sha256, text),
        .sha1 => hashed(Sha1, text),
        .md5 => hashed(Md5, text),
        .crc32 => skillet.print("{x:0>8}", .{std.hash.Crc32.hash(text)}),
        .base64 => encode64(base64.standard, text),
        .base64url => encode64(base64.url_safe_no_pad, text),
        .hex => skillet.print("{x}", .{text}),
        .url => percentEncode(text),
    };
}

fn hashed(Hash: type, text: []const u8) ![]const u8 {
    var digest: [Hash.digest_length]u8 = undefined;
    Hash.hash(text, &digest, .{});
    return skillet.print("{x}", .{&digest});
}

fn encode64(codecs: base64.Codecs, text: []const u8) ![]const u8 {
    const encoded = try skillet.allocator.alloc(u8, codecs.Encoder.calcSize(text.len));
    return codecs.Encoder.encode(encoded, text);
}

fn percentEncode(text: []const u8) ![]const u8 {
    var encoded: std.Io.Writer.Allocating = .init(skillet.allocator);
    try std.Uri.Component.percentEncode(&encoded.writer, text, isUnreserved);
    return encoded.written();
}

/// What needs no percent sign by RFC 3986.
fn isUnreserved(byte: u8) bool {
    return std.ascii.isAlphanumeric(byte) or std.mem.findScalar(u8, "-._~", byte) != null;
}

fn decode(method: Method, text: []const u8) ![]const u8 {
    const decoded = switch (method) {
        .base64, .base64url => decode64(try without(text, &std.ascii.whitespace)),
        .hex => decodeHex(try without(text, &std.ascii.whitespace)),
        .url => percentDecode(text),
        .sha256, .sha1, .md5, .crc32 => return skillet.invalidInput("there is no way back from {s}", .{method.label()}),
    };
    return decoded catch |reason| switch (reason) {
        error.OutOfMemory => reason,
        else => skillet.invalidInput("the text is not {s}", .{method.label()}),
    };
}

/// Of either alphabet, with or without padding.
fn decode64(text: []u8) ![]const u8 {
    std.mem.replaceScalar(u8, text, '-', '+');
    std.mem.replaceScalar(u8, text, '_', '/');
    const codecs = if (std.mem.endsWith(u8, text, "=")) base64.standard else base64.standard_no_pad;
    const decoded = try skillet.allocator.alloc(u8, try codecs.Decoder.calcSizeForSlice(text));
    try codecs.Decoder.decode(decoded, text);
    return decoded;
}

fn decodeHex(text: []const u8) ![]const u8 {
    return std.fmt.hexToBytes(try skillet.allocator.alloc(u8, text.len / 2), text);
}

/// A plus stays a plus.
fn percentDecode(text: []const u8) ![]const u8 {
    var rest = text;
    while (std.mem.findScalar(u8, rest, '%')) |at| : (rest = rest[at + 3 ..]) {
        if (rest.len < at + 3) return error.InvalidCharacter;
        for (rest[at + 1 ..][0..2]) |digit| _ = try std.fmt.charToDigit(digit, 16);
    }
    return std.Uri.percentDecodeInPlace(try skillet.allocator.dupe(u8, text));
}

fn without(text: []const u8, bytes: []const u8) ![]u8 {
    var kept: std.ArrayList(u8) = try .initCapacity(skillet.allocator, text.len);
    for (text) |byte| {
        if (std.mem.findScalar(u8, bytes, byte) == null) kept.appendAssumeCapacity(byte);
    }
    return kept.items;
}
