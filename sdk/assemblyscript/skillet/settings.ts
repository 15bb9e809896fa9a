// What the owner set for this skill on its page. Granted with `settings = true`.
import * as abi from "./abi";
import { Failure, Kind } from "./failure";

// @ts-ignore: decorator
@external("skillet:skill/settings@0.1.0", "get")
declare function rawGet(key: usize, keyLength: u32, reply: usize): void;

/** The setting's value; null when the owner gave it none. */
export function get(key: string): string | null {
  const name = abi.utf8(key);
  rawGet(abi.address(name), name.byteLength, abi.reply());
  return load<u8>(abi.reply()) == 0 ? null : abi.text(abi.reply() + 4);
}

/** The setting's value; a failure that says what to fill in when it has none. */
export function require(key: string): string {
  const value = get(key);
  if (value != null) return value;
  const why = `the setting \`${key}\` of this skill is empty; the owner can fill it in on the skill's page`;
  Failure.keep(Kind.DENIED, why);
  return "";
}
