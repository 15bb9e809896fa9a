// Other skills of the host. Granted with `skills = ["calculator"]`.
//
// What the other skill uses counts against this call: three levels deep at most, sixteen calls in all,
// within the fuel and the time of the first one. It runs for the same person, in a sandbox of its own.
import * as abi from "./abi";
import { Failure, Kind } from "./failure";
import { Json } from "./json";
import { parse } from "./parse";

// @ts-ignore: decorator
@external("skillet:skill/skills@0.1.0", "call")
declare function rawCall(skill: usize, skillLength: u32, input: usize, inputLength: u32, reply: usize): void;

/** Runs another skill and returns its output. The failure is what the other skill says, denied if this
 * one may not call it, unavailable if the share of the first call is used up or no place is free. */
export function call(skill: string, input: Json): Json {
  if (Failure.pending()) return Json.null();
  const name = abi.utf8(skill);
  const given = abi.utf8(input.toString());
  rawCall(abi.address(name), name.byteLength, abi.address(given), given.byteLength, abi.reply());
  if (abi.refused()) {
    // The cases are those of a failure, in the same order.
    Failure.keep(abi.refusal(), abi.reason());
    return Json.null();
  }
  const output = parse(abi.text(abi.reply() + 4));
  if (output != null) return output;
  Failure.keep(Kind.FAILED, "the output of the other skill does not parse");
  return Json.null();
}
