// Random numbers from the host, fit for tokens and keys. Needs no grant.
import * as abi from "./abi";

// @ts-ignore: decorator
@external("skillet:skill/random@0.1.0", "bytes")
declare function take(length: u32, reply: usize): void;

/** The most that one call to the host gives. */
const BYTES_PER_CALL = 1024;

/** As many random bytes as length says. */
export function bytes(length: i32): Uint8Array {
  const all = new Uint8Array(length);
  for (let done = 0; done < length; done += BYTES_PER_CALL) {
    take(min(length - done, BYTES_PER_CALL), abi.reply());
    all.set(Uint8Array.wrap(abi.bytes(abi.reply())), done);
  }
  return all;
}

/** A random number, every value equally likely. */
export function integer(): u64 {
  return load<u64>(bytes(8).dataStart);
}
