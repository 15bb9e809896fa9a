// What the agent knows about the user this call is for. Granted with `memory = ["read", "write"]`, or
// only one of them.
import * as abi from "./abi";
import { Failure, Kind } from "./failure";

// @ts-ignore: decorator
@external("skillet:skill/memory@0.1.0", "search")
declare function rawSearch(query: usize, queryLength: u32, limit: u32, reply: usize): void;
// @ts-ignore: decorator
@external("skillet:skill/memory@0.1.0", "remember")
declare function rawRemember(key: usize, keyLength: u32, text: usize, textLength: u32, reply: usize): void;

/** Something the agent keeps about the user. */
export class Fact {
  constructor(
    /** What the fact is about; one fact per key. */
    public key: string,
    /** The fact in words. */
    public text: string,
    /** Higher is nearer to the query. Only comparable within one answer. */
    public score: f32,
    /** When it was learnt, in milliseconds since 1970-01-01 UTC. */
    public recordedAtMs: u64,
  ) {}
}

/** Bytes of a fact in memory. */
const FACT_SIZE: u32 = 32;

/** The facts nearest to the query, best first, at most `limit` of them. */
export function search(query: string, limit: u32): Fact[] {
  const facts: Fact[] = [];
  if (Failure.pending()) return facts;
  const words = abi.utf8(query);
  rawSearch(abi.address(words), words.byteLength, limit, abi.reply());
  if (!isGood()) return facts;
  let at: usize = load<u32>(abi.reply(), 4);
  for (let left = load<u32>(abi.reply(), 8); left > 0; left--, at += FACT_SIZE) {
    facts.push(new Fact(abi.text(at), abi.text(at + 8), load<f32>(at, 16), load<u64>(at, 24)));
  }
  return facts;
}

/** Keeps a fact; the host derives its key from the text. */
export function remember(text: string): void {
  rememberAs("", text);
}

/** Keeps a fact under a key, in place of what was known under it. */
export function rememberAs(key: string, text: string): void {
  if (Failure.pending()) return;
  const name = abi.utf8(key);
  const fact = abi.utf8(text);
  rawRemember(abi.address(name), name.byteLength, abi.address(fact), fact.byteLength, abi.reply());
  isGood();
}

function isGood(): bool {
  if (!abi.refused()) return true;
  if (abi.refusal() == 0) Failure.keep(Kind.DENIED, abi.reason());
  else Failure.keep(Kind.UNAVAILABLE, "memory is unavailable: " + abi.reason());
  return false;
}
