//! What the owner set for this skill on its page. Granted with `settings = true`.
const abi = @import("abi.zig");
const failure = @import("failure.zig");

const host = struct {
    extern "skillet:skill/settings@0.1.0" fn get(key: [*]const u8, key_len: usize, reply: *abi.Reply) void;
};

/// The setting's value, if the owner gave it one.
pub fn get(key: []const u8) ?[]const u8 {
    const name = abi.utf8(key);
    var reply: abi.Reply = .{};
    host.get(name.ptr, name.len, &reply);
    return if (reply.byte(0) == 0) null else reply.bytes(1);
}

/// The setting's value; an error that says what to fill in when it has none.
pub fn require(key: []const u8) error{MissingSetting}![]const u8 {
    return get(key) orelse failure.note(
        error.MissingSetting,
        .denied,
        "the setting `{s}` of this skill is empty; the owner can fill it in on the skill's page",
        .{key},
    );
}
