// The time. Needs no grant.

// @ts-ignore: decorator
@external("skillet:skill/clock@0.1.0", "now-ms")
declare function now(): u64;

/** Milliseconds since 1970-01-01 UTC. */
export function nowMs(): u64 {
  return now();
}
