// The agent's own settings, only the keys that the owner opened to skills. Granted with
// `config = true`. What the owner set for this skill is in `skillet/settings`.
import * as abi from "./abi";
import { Failure, Kind } from "./failure";

// @ts-ignore: decorator
@external("skillet:skill/config@0.1.0", "get")
declare function rawGet(key: usize, keyLength: u32, reply: usize): void;
// @ts-ignore: decorator
@external("skillet:skill/config@0.1.0", "set")
declare function rawSet(key: usize, keyLength: u32, value: usize, valueLength: u32, reply: usize): void;

/** The value in force, as text. */
export function get(key: string): string {
  if (Failure.pending()) return "";
  const name = abi.utf8(key);
  rawGet(abi.address(name), name.byteLength, abi.reply());
  return isGood() ? abi.text(abi.reply() + 4) : "";
}

/** Changes a setting, at once and for everyone. */
export function set(key: string, value: string): void {
  if (Failure.pending()) return;
  const name = abi.utf8(key);
  const text = abi.utf8(value);
  rawSet(abi.address(name), name.byteLength, abi.address(text), text.byteLength, abi.reply());
  isGood();
}

function isGood(): bool {
  if (!abi.refused()) return true;
  switch (abi.refusal()) {
    case 0:
      Failure.keep(Kind.DENIED, abi.reason());
      break;
    case 1:
    case 2:
      Failure.keep(Kind.INVALID_INPUT, abi.reason());
      break;
    default:
      Failure.keep(Kind.UNAVAILABLE, "the settings are unavailable: " + abi.reason());
  }
  return false;
}
