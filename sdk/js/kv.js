import * as host from 'skillet:skill/kv@0.1.0';
import { bytes, json, optional, text, u32 } from './checked.js';
import { Failure, lent } from './failure.js';
import { decode } from './text.js';

const CASES = {
  'too-large': ['failed', 'the key or the value is too large to keep'],
  'quota-exceeded': ['failed', "this skill's storage for this user is full"],
  unavailable: ['unavailable', 'the store is unavailable: '],
};

/** Other calls that change the same key at the same time, each of which may come first. */
const MAX_TRIES = 20;

const keyText = (key) => text(key, 'the key');

export const getBytes = lent((key) => {
  const value = host.get(keyText(key));
  return value ? new Uint8Array(value) : null;
}, CASES);

export function get(key) {
  const value = getBytes(key);
  return value && decode(value);
}

export function getJson(key) {
  const value = get(key);
  return value === null ? null : JSON.parse(value);
}

export const set = lent((key, value) => void host.set(keyText(key), bytes(value, 'the value')), CASES);

export const setJson = (key, value) => set(key, json(value, 'the value'));

export const compareAndSet = lent(
  (key, expected, value) =>
    host.compareAndSet(keyText(key), optional(bytes)(expected, 'the expected value'), bytes(value, 'the value')),
  CASES,
);

export function update(key, change) {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const before = get(key);
    const after = change(before === null ? null : JSON.parse(before));
    if (after === undefined) return undefined;
    if (compareAndSet(key, before, json(after, 'the value'))) return after;
  }
  throw new Failure('unavailable', `other calls keep changing \`${key}\``);
}

export const remove = lent((key) => void host.delete(keyText(key)), CASES);

export const keys = lent(
  (prefix = '', limit = 100) => host.listKeys(text(prefix, 'the prefix'), u32(limit, 'the limit')),
  CASES,
);
