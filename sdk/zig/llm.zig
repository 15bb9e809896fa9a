//! A language model behind the host's gateway: budgets, tiers and caches apply. Granted with
//! `llm = "small"` or `llm = "large"`.
const abi = @import("abi.zig");
const failure = @import("failure.zig");

const host = struct {
    extern "skillet:skill/llm@0.1.0" fn complete(tier: u32, instructions: [*]const u8, instructions_len: usize, prompt: [*]const u8, prompt_len: usize, schema_case: u32, schema: [*]const u8, schema_len: usize, max_output_tokens: u32, reply: *abi.Reply) void;
};

/// BudgetExceeded: a budget of the owner's does not allow it. Denied: the tier is not granted.
/// Unavailable: no model answers for now.
pub const Error = error{ BudgetExceeded, Denied, Unavailable };

/// How much an answer is worth: small is cheap and quick, large is for reasoning over much material.
pub const Tier = enum(u32) { small, large };

/// A question to a model.
pub const Request = struct {
    tier: Tier = .small,
    /// What to do with the prompt. Keep the same text from call to call: it is cached.
    instructions: []const u8 = "",
    prompt: []const u8,
    /// A JSON Schema; with it the answer's text is JSON that satisfies it.
    output_schema: ?[]const u8 = null,
    /// Enough for a page of text unless set. The host reserves money for as many.
    max_output_tokens: u32 = 512,
};

/// What the model said, and what it used.
pub const Answer = struct { text: []const u8, input_tokens: u32, output_tokens: u32 };

/// Asks, and waits for the answer.
pub fn complete(request: Request) Error!Answer {
    const instructions, const prompt = .{ abi.utf8(request.instructions), abi.utf8(request.prompt) };
    const schema: abi.Optional = .of(if (request.output_schema) |text| abi.utf8(text) else null);
    var reply: abi.Reply = .{};
    host.complete(@backingInt(request.tier), instructions.ptr, instructions.len, prompt.ptr, prompt.len, schema.case, schema.ptr, schema.len, request.max_output_tokens, &reply);
    if (reply.refused()) return refusal(&reply);
    return .{ .text = reply.bytes(1), .input_tokens = reply.words[3], .output_tokens = reply.words[4] };
}

/// A budget that is spent is the owner's no, like a grant that is missing.
fn refusal(reply: *const abi.Reply) Error {
    return switch (reply.case()) {
        0 => failure.note(error.BudgetExceeded, .denied, "{s}", .{reply.reason()}),
        1 => failure.note(error.Denied, .denied, "{s}", .{reply.reason()}),
        else => failure.note(error.Unavailable, .unavailable, "the model is unavailable: {s}", .{reply.reason()}),
    };
}
