//! Greets somebody by name and counts the greetings.
const std = @import("std");
const skillet = @import("skillet");

const Input = struct { name: []const u8 };

const Output = struct { text: []const u8, count: u32 };

pub fn run(call: skillet.Call, input: Input) !Output {
    const name = std.mem.trim(u8, input.name, " \t\n");
    if (name.len == 0) return skillet.invalidInput("the name is empty", .{});
    const count = try countUp();
    const text = if (call.isChinese())
        try skillet.print("你好，{s}！这是第 {d} 次。", .{ name, count })
    else
        try skillet.print("Hello, {s}! This is time {d}.", .{ name, count });
    return .{ .text = text, .count = count };
}

/// Adds one to what is kept for this user, also when other calls do the same.
fn countUp() !u32 {
    while (true) {
        const kept = try skillet.kv.get("count");
        const before = if (kept) |text| try std.fmt.parseInt(u32, text, 10) else 0;
        const count = before + 1;
        if (try skillet.kv.compareAndSet("count", kept, try skillet.print("{d}", .{count}))) return count;
    }
}
