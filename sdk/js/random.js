import { bytes as some } from 'skillet:skill/random@0.1.0';
import { u32 } from './checked.js';

/** The most that one call of the host gives. */
const BYTES_PER_CALL = 1_024;

export function bytes(length) {
  u32(length, 'the length');
  const all = new Uint8Array(length);
  for (let at = 0; at < length; at += BYTES_PER_CALL) {
    all.set(some(Math.min(BYTES_PER_CALL, length - at)), at);
  }
  return all;
}
