import { bytes } from '../../../random.js';
import { isRunning } from '../../../running.js';
import { toUint8Array } from '../../../text.js';

const engineRandom = globalThis.Math.random;

let state;

/** sfc32, seeded once a call: the host is asked once, however many numbers are drawn. */
export function mathRandom() {
  if (!isRunning()) return engineRandom();
  state ??= new Uint32Array(bytes(16).buffer);
  const sum = (state[0] + state[1] + state[3]) | 0;
  state[3]++;
  state[0] = state[1] ^ (state[1] >>> 9);
  state[1] = state[2] + (state[2] << 3);
  state[2] = ((state[2] << 21) | (state[2] >>> 11)) + sum;
  return (sum >>> 0) / 4_294_967_296;
}

export const crypto = {
  getRandomValues(view) {
    toUint8Array(view).set(bytes(view.byteLength));
    return view;
  },

  randomUUID() {
    const id = bytes(16);
    id[6] = (id[6] & 0x0f) | 0x40;
    id[8] = (id[8] & 0x3f) | 0x80;
    const hex = Array.from(id, (byte) => byte.toString(16).padStart(2, '0')).join('');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  },
};
