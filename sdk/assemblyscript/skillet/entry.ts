// The component's export, around the author's `assembly/index.ts`. The SDK is imported by its name, as the
// author does it: by a path it would be another module with other types.
import * as skill from "../../../assembly/index";
import { Call, Failure, Json, parse } from "skillet";
import { realloc, utf8 } from "skillet/abi";
import { Kind } from "skillet/failure";
import * as log from "skillet/log";

export { realloc as cabi_realloc };

/** The host reads it before the next call, and there is none. */
const OUTCOME = memory.data(16, 8);

/** What the host reads outlives the call of `run` here. */
let answer: ArrayBuffer = new ArrayBuffer(0);

export function run(
  idAt: usize,
  idLength: u32,
  attempt: u32,
  inputAt: usize,
  inputLength: u32,
  localeAt: usize,
  localeLength: u32,
  zoneAt: usize,
  zoneLength: u32,
  deadlineMs: u64,
): usize {
  const input = parse(taken(inputAt, inputLength));
  if (input == null) return failure(new Failure(Kind.INVALID_INPUT, "the input does not parse"));
  const locale = taken(localeAt, localeLength);
  const call = new Call(taken(idAt, idLength), attempt, input, locale, taken(zoneAt, zoneLength), deadlineMs);
  const output: Json = skill.run(call);
  const failed = Failure.take();
  return failed == null ? success(output.toString()) : failure(failed);
}

function taken(at: usize, length: u32): string {
  return length == 0 ? "" : String.UTF8.decodeUnsafe(at, length);
}

function success(output: string): usize {
  store<u8>(OUTCOME, 0);
  return give(4, output);
}

function failure(why: Failure): usize {
  store<u8>(OUTCOME, 1);
  store<u8>(OUTCOME, why.kind, 4);
  return give(8, why.text);
}

function give(offset: usize, value: string): usize {
  answer = utf8(value);
  store<u32>(OUTCOME + offset, <u32>changetype<usize>(answer));
  store<u32>(OUTCOME + offset, answer.byteLength, 4);
  return OUTCOME;
}

/** Stands for the runtime's own: a thrown error or a failed assertion is a trap, which has no text, so
 * the host takes the last error line for it. */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  const place = file == null ? "" : ` (${file}:${line})`;
  log.error((message == null ? "abort" : message) + place);
  unreachable();
}
