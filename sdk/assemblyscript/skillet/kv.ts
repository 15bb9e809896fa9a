// Bytes kept for this skill and this user, from one call to the next. Granted with `kv = true`.
//
// Calls of one skill may run at the same time (unless `can_parallel = false`), so a count that is read
// and set can lose a step; `compareAndSet` cannot.
import * as abi from "./abi";
import { Failure, Kind } from "./failure";

// @ts-ignore: decorator
@external("skillet:skill/kv@0.1.0", "get")
declare function rawGet(key: usize, keyLength: u32, reply: usize): void;
// @ts-ignore: decorator
@external("skillet:skill/kv@0.1.0", "set")
declare function rawSet(key: usize, keyLength: u32, value: usize, valueLength: u32, reply: usize): void;
// @ts-ignore: decorator
@external("skillet:skill/kv@0.1.0", "compare-and-set")
declare function rawSwap(
  key: usize, keyLength: u32, isExpected: u32, expected: usize, expectedLength: u32,
  value: usize, valueLength: u32, reply: usize,
): void;
// @ts-ignore: decorator
@external("skillet:skill/kv@0.1.0", "delete")
declare function rawDelete(key: usize, keyLength: u32, reply: usize): void;
// @ts-ignore: decorator
@external("skillet:skill/kv@0.1.0", "list-keys")
declare function rawKeys(prefix: usize, prefixLength: u32, limit: u32, reply: usize): void;

/** What is kept under the key; null when there is nothing. */
export function get(key: string): ArrayBuffer | null {
  if (Failure.pending()) return null;
  const name = abi.utf8(key);
  rawGet(abi.address(name), name.byteLength, abi.reply());
  return isGood() && load<u8>(abi.reply(), 4) != 0 ? abi.bytes(abi.reply() + 8) : null;
}

/** The same as text. */
export function getText(key: string): string | null {
  const value = get(key);
  return value == null ? null : String.UTF8.decode(value);
}

/** Keeps a value under the key, in place of what was there. */
export function set(key: string, value: ArrayBuffer): void {
  if (Failure.pending()) return;
  const name = abi.utf8(key);
  rawSet(abi.address(name), name.byteLength, abi.address(value), value.byteLength, abi.reply());
  isGood();
}

export function setText(key: string, value: string): void {
  set(key, abi.utf8(value));
}

/** Keeps a value only if the present one is `expected`, null if there is none; whether it did. */
export function compareAndSet(key: string, expected: ArrayBuffer | null, value: ArrayBuffer): bool {
  if (Failure.pending()) return false;
  const name = abi.utf8(key);
  const before = expected == null ? new ArrayBuffer(0) : expected;
  rawSwap(
    abi.address(name), name.byteLength, u32(expected != null), abi.address(before), before.byteLength,
    abi.address(value), value.byteLength, abi.reply(),
  );
  return isGood() && load<u8>(abi.reply(), 4) != 0;
}

export function compareAndSetText(key: string, expected: string | null, value: string): bool {
  const before: ArrayBuffer | null = expected == null ? null : abi.utf8(expected);
  return compareAndSet(key, before, abi.utf8(value));
}

/** Forgets the key. To forget what is not there succeeds. */
export function remove(key: string): void {
  if (Failure.pending()) return;
  const name = abi.utf8(key);
  rawDelete(abi.address(name), name.byteLength, abi.reply());
  isGood();
}

/** The keys that start with `prefix`, sorted, at most `limit` of them. */
export function keys(prefix: string, limit: u32): string[] {
  const found: string[] = [];
  if (Failure.pending()) return found;
  const start = abi.utf8(prefix);
  rawKeys(abi.address(start), start.byteLength, limit, abi.reply());
  if (!isGood()) return found;
  const at = load<u32>(abi.reply(), 4);
  const count = load<u32>(abi.reply(), 8);
  for (let i: u32 = 0; i < count; i++) found.push(abi.text(at + i * 8));
  return found;
}

function isGood(): bool {
  if (!abi.refused()) return true;
  switch (abi.refusal()) {
    case 0:
      Failure.keep(Kind.FAILED, "the key or the value is too large to keep");
      break;
    case 1:
      Failure.keep(Kind.FAILED, "this skill's storage for this user is full");
      break;
    default:
      Failure.keep(Kind.UNAVAILABLE, "the store is unavailable: " + abi.reason());
  }
  return false;
}
