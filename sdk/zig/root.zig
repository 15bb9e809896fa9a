//! The component's export, around the author's `skill.zig`.
const std = @import("std");
const skill = @import("skill");
const skillet = @import("skillet");
const abi = skillet.internal.abi;
const failure = skillet.internal.failure;

/// A panic cannot be caught and is a trap, which carries no text: the host takes the last error line
/// for it.
pub const panic = std.debug.FullPanic(report);

fn report(text: []const u8, _: ?usize) noreturn {
    skillet.log.err("panic: {s}", .{text});
    @trap();
}

/// The author's own logging goes to the same place.
pub const std_options: std.Options = .{ .logFn = skillet.log.logFn };

const Outcome = extern struct {
    case: u8,
    of: extern union {
        output: abi.Slice,
        failure: extern struct { kind: failure.Kind, text: abi.Slice },
    },
};

/// The host reads it before the next call, and there is none.
var outcome: Outcome = undefined;

fn run(
    id: abi.Slice,
    attempt: u32,
    input: abi.Slice,
    locale: abi.Slice,
    time_zone: abi.Slice,
    deadline_ms: u64,
) *Outcome {
    const call: skillet.Call = .{
        .id = id.get(),
        .attempt = attempt,
        .locale = locale.get(),
        .time_zone = time_zone.get(),
        .deadline_ms = deadline_ms,
    };
    if (answer(call, input.get())) |output| {
        outcome = .{ .case = 0, .of = .{ .output = .of(output) } };
    } else |cause| {
        const why = failure.of(cause);
        outcome = .{ .case = 1, .of = .{ .failure = .{ .kind = why.kind, .text = .of(abi.utf8(why.text)) } } };
    }
    return &outcome;
}

fn answer(call: skillet.Call, text: []const u8) anyerror![]const u8 {
    const Input = @FieldType(std.meta.ArgsTuple(@TypeOf(skill.run)), "1");
    const input = skillet.fromJson(Input, text) catch |cause|
        return skillet.invalidInput("the input does not parse: {s}", .{@errorName(cause)});
    return skillet.toJson(try skill.run(call, input));
}

fn exported(
    id_at: u32,
    id_length: u32,
    attempt: u32,
    input_at: u32,
    input_length: u32,
    locale_at: u32,
    locale_length: u32,
    zone_at: u32,
    zone_length: u32,
    deadline_ms: u64,
) callconv(.c) *Outcome {
    return run(
        .{ .address = id_at, .length = id_length },
        attempt,
        .{ .address = input_at, .length = input_length },
        .{ .address = locale_at, .length = locale_length },
        .{ .address = zone_at, .length = zone_length },
        deadline_ms,
    );
}

comptime {
    @export(&abi.realloc, .{ .name = "cabi_realloc" });
    @export(&exported, .{ .name = "skillet:skill/skill@0.1.0#run" });
}
