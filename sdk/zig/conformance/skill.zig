//! Does one thing with each part of the SDK, for the tests that every SDK passes.
const std = @import("std");
const skillet = @import("skillet");

const Value = std.json.Value;

const Input = struct {
    do: []const u8,
    text: []const u8 = "",
    kind: []const u8 = "",
    key: []const u8 = "",
    value: []const u8 = "",
    expected: ?[]const u8 = null,
    prefix: []const u8 = "",
    url: []const u8 = "",
    level: []const u8 = "",
    done: u32 = 0,
    total: u32 = 0,
    note: []const u8 = "",
    length: u32 = 0,
    query: []const u8 = "",
    prompt: []const u8 = "",
    at_ms: u64 = 0,
    skill: []const u8 = "",
    input: Value = .null,
};

const Do = enum {
    echo,
    call,
    fail,
    panic,
    quit,
    kv_set,
    kv_get,
    kv_swap,
    kv_delete,
    kv_list,
    http,
    log,
    progress,
    clock,
    random,
    settings,
    remember,
    search,
    llm,
    send,
    schedule,
    skill,
    config,
    spin,
    fill,
};

pub fn run(call: skillet.Call, in: Input) !Value {
    const do = std.meta.stringToEnum(Do, in.do) orelse return skillet.invalidInput("cannot do \"{s}\"", .{in.do});
    return switch (do) {
        .echo => json(.{ .text = in.text }),
        .call => json(call),
        .fail => fail(in.kind, in.text),
        .panic => @panic(in.text),
        .quit => json(.{ .text = in.text[in.text.len + 1 ..] }),
        .kv_set => empty(skillet.kv.set(in.key, in.value)),
        .kv_get => json(.{ .value = try skillet.kv.get(in.key) }),
        .kv_swap => json(.{ .set = try skillet.kv.compareAndSet(in.key, in.expected, in.value) }),
        .kv_delete => empty(skillet.kv.delete(in.key)),
        .kv_list => json(.{ .keys = try skillet.kv.keys(in.prefix, 100) }),
        .http => fetch(in.url),
        .log => empty(write(in.level, in.text)),
        .progress => empty(skillet.progress.report(in.done, in.total, in.note)),
        .clock => json(.{ .now_ms = skillet.clock.nowMs() }),
        .random => json(.{ .hex = try hex(try skillet.random.bytes(in.length)) }),
        .settings => json(.{ .value = skillet.settings.get(in.key) }),
        .remember => empty(skillet.memory.rememberAs(in.key, in.text)),
        .search => search(in.query),
        .llm => json(.{ .text = (try skillet.llm.complete(.{ .instructions = "Answer.", .prompt = in.prompt, .max_output_tokens = 64 })).text }),
        .send => json(.{ .id = try skillet.messages.send(in.text) }),
        .schedule => schedule(in.text, in.at_ms),
        .skill => nested(in.skill, in.input),
        .config => json(.{ .value = try skillet.config.get(in.key) }),
        .spin => while (true) asm volatile (""),
        .fill => while (true) @memset(try skillet.allocator.alloc(u8, 1 << 20), 1),
    };
}

/// Any value as a tree, so that every case has the same type.
fn json(value: anytype) !Value {
    return skillet.fromJson(Value, try skillet.toJson(value));
}

fn empty(done: anytype) !Value {
    if (@typeInfo(@TypeOf(done)) == .error_union) try done;
    return skillet.fromJson(Value, "{}");
}

fn fail(kind: []const u8, text: []const u8) skillet.Error {
    if (std.mem.eql(u8, kind, "invalid-input")) return skillet.invalidInput("{s}", .{text});
    if (std.mem.eql(u8, kind, "unavailable")) return skillet.unavailable("{s}", .{text});
    if (std.mem.eql(u8, kind, "denied")) return skillet.denied("{s}", .{text});
    return skillet.failed("{s}", .{text});
}

fn fetch(url: []const u8) !Value {
    const response = try skillet.http.send(.{
        .url = url,
        .headers = &.{.{ .name = "x-conformance", .value = "yes" }},
        .timeout_ms = 5_000,
    });
    return json(.{ .status = response.status, .body = response.text() });
}

fn write(level: []const u8, text: []const u8) void {
    const Level = enum { debug, info, warn, @"error" };
    switch (std.meta.stringToEnum(Level, level) orelse .info) {
        .debug => skillet.log.debug("{s}", .{text}),
        .info => skillet.log.info("{s}", .{text}),
        .warn => skillet.log.warn("{s}", .{text}),
        .@"error" => skillet.log.err("{s}", .{text}),
    }
}

fn hex(bytes: []const u8) ![]const u8 {
    return skillet.print("{x}", .{bytes});
}

fn search(query: []const u8) !Value {
    const facts = try skillet.memory.search(query, 10);
    const keys = try skillet.allocator.alloc([]const u8, facts.len);
    for (keys, facts) |*key, fact| key.* = fact.key;
    return json(.{ .keys = keys });
}

fn schedule(text: []const u8, at_ms: u64) !Value {
    const payload = try skillet.toJson(.{ .text = text });
    return json(.{ .id = try skillet.jobs.schedule(.{ .kind = "reminder", .run_at_ms = at_ms, .payload = payload }) });
}

fn nested(skill: []const u8, input: Value) !Value {
    const output = try skillet.skills.call(skill, try skillet.toJson(input));
    return json(.{ .output = try skillet.fromJson(Value, output) });
}
