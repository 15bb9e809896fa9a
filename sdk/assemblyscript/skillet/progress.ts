// How far a long call is, shown to the person who waits. Needs no grant.
import { address, utf8 } from "./abi";

// @ts-ignore: decorator
@external("skillet:skill/progress@0.1.0", "report")
declare function tell(done: u32, total: u32, note: usize, noteLength: u32): void;

/** `done` of `total` steps, with a few words on the step at hand. */
export function report(done: u32, total: u32, note: string): void {
  const words = utf8(note);
  tell(done, total, address(words), words.byteLength);
}
