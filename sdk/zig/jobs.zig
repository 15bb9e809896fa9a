//! Work done later, on the host's schedule. Granted with `jobs = true`. A skill sees and changes the
//! jobs of the person its call is for.
const abi = @import("abi.zig");
const failure = @import("failure.zig");

const RawJob = extern struct {
    id: abi.Slice,
    kind: abi.Slice,
    state: u8,
    run_at_ms: u64,
    has_recurrence: u8,
    recurrence: abi.Slice,
    payload: abi.Slice,
};

const host = struct {
    extern "skillet:skill/jobs@0.1.0" fn schedule(kind: [*]const u8, kind_len: usize, run_at_ms: u64, recurrence_case: u32, recurrence: [*]const u8, recurrence_len: usize, payload: [*]const u8, payload_len: usize, key_case: u32, key: [*]const u8, key_len: usize, reply: *abi.Reply) void;
    extern "skillet:skill/jobs@0.1.0" fn list(limit: u32, reply: *abi.Reply) void;
    extern "skillet:skill/jobs@0.1.0" fn reschedule(id: [*]const u8, id_len: usize, run_at_ms: u64, reply: *abi.Reply) void;
    extern "skillet:skill/jobs@0.1.0" fn cancel(id: [*]const u8, id_len: usize, reply: *abi.Reply) void;
};

/// Invalid: the kind, the time or the recurrence makes no sense. Denied: the owner has not granted
/// it, or it is somebody else's job. Unavailable: the scheduler cannot be reached for now.
pub const Error = error{ Invalid, Denied, Unavailable };

/// A job to schedule.
pub const Job = struct {
    /// `reminder` with the payload `{"text"}`, `skill_call` with `{"skill", "input"}`, or `daily_digest`.
    kind: []const u8,
    /// Milliseconds since 1970-01-01 UTC; with a recurrence, the moment from which it runs.
    run_at_ms: u64,
    /// A cron expression of five fields in the user's time zone; without it the job runs once.
    recurrence: ?[]const u8 = null,
    /// JSON, as `skillet.toJson` makes it.
    payload: []const u8 = "null",
    /// A second job with the same key is not made; the first one's id is returned.
    once_per: ?[]const u8 = null,
};

/// Schedules a job; returns its id.
pub fn schedule(job: Job) Error![]const u8 {
    const kind, const payload = .{ abi.utf8(job.kind), abi.utf8(job.payload) };
    const recurrence: abi.Optional = .of(if (job.recurrence) |text| abi.utf8(text) else null);
    const key: abi.Optional = .of(if (job.once_per) |text| abi.utf8(text) else null);
    var reply: abi.Reply = .{};
    host.schedule(kind.ptr, kind.len, job.run_at_ms, recurrence.case, recurrence.ptr, recurrence.len, payload.ptr, payload.len, key.case, key.ptr, key.len, &reply);
    try check(&reply);
    return reply.bytes(1);
}

/// Still to run, at it now, run for good, out of attempts, or taken off the schedule.
pub const State = enum(u8) { waiting, running, done, failed, cancelled };

/// A job that is there.
pub const Listed = struct {
    id: []const u8,
    kind: []const u8,
    state: State,
    /// When it runs next, or ran last.
    run_at_ms: u64,
    recurrence: ?[]const u8,
    /// JSON.
    payload: []const u8,
};

/// The jobs still to run, the next one first; then those that ended in the last day, newest first. At
/// most `limit` of them.
pub fn list(limit: u32) (Error || error{OutOfMemory})![]Listed {
    var reply: abi.Reply = .{};
    host.list(limit, &reply);
    try check(&reply);
    const found = reply.items(RawJob, 1);
    const jobs = try abi.allocator.alloc(Listed, found.len);
    for (jobs, found) |*job, raw| job.* = .{
        .id = raw.id.get(),
        .kind = raw.kind.get(),
        .state = @fromBackingInt(@intCast(raw.state)),
        .run_at_ms = raw.run_at_ms,
        .recurrence = if (raw.has_recurrence == 0) null else raw.recurrence.get(),
        .payload = raw.payload.get(),
    };
    return jobs;
}

/// Moves a job that is still to run; false when it is not waiting any more.
pub fn reschedule(id: []const u8, run_at_ms: u64) Error!bool {
    const name = abi.utf8(id);
    var reply: abi.Reply = .{};
    host.reschedule(name.ptr, name.len, run_at_ms, &reply);
    try check(&reply);
    return reply.byte(1) != 0;
}

/// Takes a job off the schedule; whether it was still to run.
pub fn cancel(id: []const u8) Error!bool {
    const name = abi.utf8(id);
    var reply: abi.Reply = .{};
    host.cancel(name.ptr, name.len, &reply);
    try check(&reply);
    return reply.byte(1) != 0;
}

fn check(reply: *const abi.Reply) Error!void {
    if (!reply.refused()) return;
    return switch (reply.case()) {
        0 => failure.note(error.Invalid, .invalid_input, "{s}", .{reply.reason()}),
        1 => failure.note(error.Denied, .denied, "{s}", .{reply.reason()}),
        else => failure.note(error.Unavailable, .unavailable, "the scheduler is unavailable: {s}", .{reply.reason()}),
    };
}
