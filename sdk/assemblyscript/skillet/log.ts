// Lines that the owner reads beside the call. Needs no grant.
import { address, utf8 } from "./abi";

// @ts-ignore: decorator
@external("skillet:skill/log@0.1.0", "write")
declare function write(level: u32, at: usize, length: u32): void;

/** For whoever debugs the skill. */
export function debug(line: string): void {
  put(0, line);
}

/** Worth knowing. */
export function info(line: string): void {
  put(1, line);
}

/** Odd, but the call goes on. */
export function warn(line: string): void {
  put(2, line);
}

/** The call will not do what was asked. */
export function error(line: string): void {
  put(3, line);
}

function put(level: u32, line: string): void {
  const encoded = utf8(line);
  write(level, address(encoded), encoded.byteLength);
}
