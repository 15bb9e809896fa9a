// Work done later, on the host's schedule. Granted with `jobs = true`. A skill sees and changes the jobs
// of the person its call is for.
import * as abi from "./abi";
import { Failure, Kind } from "./failure";
import { Json } from "./json";

// @ts-ignore: decorator
@external("skillet:skill/jobs@0.1.0", "schedule")
declare function rawSchedule(
  kind: usize, kindLength: u32, runAtMs: u64, hasRecurrence: u32, recurrence: usize, recurrenceLength: u32,
  payload: usize, payloadLength: u32, hasKey: u32, key: usize, keyLength: u32, reply: usize,
): void;
// @ts-ignore: decorator
@external("skillet:skill/jobs@0.1.0", "list")
declare function rawList(limit: u32, reply: usize): void;
// @ts-ignore: decorator
@external("skillet:skill/jobs@0.1.0", "reschedule")
declare function rawReschedule(id: usize, idLength: u32, runAtMs: u64, reply: usize): void;
// @ts-ignore: decorator
@external("skillet:skill/jobs@0.1.0", "cancel")
declare function rawCancel(id: usize, idLength: u32, reply: usize): void;

/** A job to schedule. */
export class Job {
  /** A cron expression of five fields in the user's time zone; without it the job runs once. */
  recurrence: string | null = null;
  payload: Json = Json.null();
  /** A second job with the same key is not made; the first one's id is returned. */
  oncePer: string | null = null;

  constructor(
    /** `reminder` with the payload `{"text"}`, `skill_call` with `{"skill", "input"}`, or `daily_digest`. */
    public kind: string,
    /** Milliseconds since 1970-01-01 UTC; with a recurrence, the moment from which it runs. */
    public runAtMs: u64,
  ) {}
}

/** Schedules a job; returns its id. */
export function schedule(job: Job): string {
  if (Failure.pending()) return "";
  const kind = abi.utf8(job.kind);
  const payload = abi.utf8(job.payload.toString());
  const every = job.recurrence;
  const once = job.oncePer;
  const recurrence = abi.utf8(every == null ? "" : every);
  const key = abi.utf8(once == null ? "" : once);
  rawSchedule(
    abi.address(kind), kind.byteLength, job.runAtMs, u32(every != null), abi.address(recurrence), recurrence.byteLength,
    abi.address(payload), payload.byteLength, u32(once != null), abi.address(key), key.byteLength, abi.reply(),
  );
  return isGood() ? abi.text(abi.reply() + 4) : "";
}

/** Still to run, at it now, run for good, out of attempts, or taken off the schedule. */
export enum State {
  Waiting,
  Running,
  Done,
  Failed,
  Cancelled,
}

/** A job that is there. */
export class Listed {
  constructor(
    public id: string,
    public kind: string,
    public state: State,
    /** When it runs next, or ran last. */
    public runAtMs: u64,
    public recurrence: string | null,
    /** JSON. */
    public payload: string,
  ) {}
}

/** Bytes of a job in memory. */
const JOB_SIZE: u32 = 56;

/** The jobs still to run, the next one first; then those that ended in the last day, newest first. At
 * most `limit` of them. */
export function list(limit: u32): Listed[] {
  const jobs: Listed[] = [];
  if (Failure.pending()) return jobs;
  rawList(limit, abi.reply());
  if (!isGood()) return jobs;
  let at: usize = load<u32>(abi.reply(), 4);
  for (let left = load<u32>(abi.reply(), 8); left > 0; left--, at += JOB_SIZE) {
    const recurrence: string | null = load<u8>(at, 32) == 0 ? null : abi.text(at + 36);
    jobs.push(
      new Listed(abi.text(at), abi.text(at + 8), load<u8>(at, 16), load<u64>(at, 24), recurrence, abi.text(at + 44)),
    );
  }
  return jobs;
}

/** Moves a job that is still to run; false when it is not waiting any more. */
export function reschedule(id: string, runAtMs: u64): bool {
  if (Failure.pending()) return false;
  const name = abi.utf8(id);
  rawReschedule(abi.address(name), name.byteLength, runAtMs, abi.reply());
  return isGood() && load<u8>(abi.reply(), 4) != 0;
}

/** Takes a job off the schedule; whether it was still to run. */
export function cancel(id: string): bool {
  if (Failure.pending()) return false;
  const name = abi.utf8(id);
  rawCancel(abi.address(name), name.byteLength, abi.reply());
  return isGood() && load<u8>(abi.reply(), 4) != 0;
}

function isGood(): bool {
  if (!abi.refused()) return true;
  switch (abi.refusal()) {
    case 0:
      Failure.keep(Kind.INVALID_INPUT, abi.reason());
      break;
    case 1:
      Failure.keep(Kind.DENIED, abi.reason());
      break;
    default:
      Failure.keep(Kind.UNAVAILABLE, "the scheduler is unavailable: " + abi.reason());
  }
  return false;
}
