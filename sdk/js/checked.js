// What goes to the host has the type that the contract says. The engine gives up for good on anything else, where
// these throw an error that says what is wrong.

import { encode } from './text.js';

/** Else it is StarlingMonkey. */
const isQuickJs = () => Boolean(globalThis.__cqjs);

/** In characters. */
const PIECE = 16_384;

/** Half of a pair of surrogates, which is no character, becomes U+FFFD. */
export function text(value, name) {
  if (typeof value !== 'string') throw new TypeError(`${name} is text, not ${described(value)}`);
  return value.toWellFormed();
}

export function bytes(value, name) {
  if (typeof value === 'string') return encode(value);
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`${name} is text or a Uint8Array, not ${described(value)}`);
}

export function json(value, name) {
  const json = JSON.stringify(value, isQuickJs() ? undefined : inPieces);
  if (json === undefined) throw new TypeError(`${name} is what JSON can say, not ${described(value)}`);
  return json.includes('\\ud') ? json.replace(/\\(?:\\|ud[89a-f][0-9a-f]{2})/g, wellFormed) : json;
}

/** StarlingMonkey sets 64 bytes aside for each character of a text that it quotes at once. */
function inPieces(key, value) {
  if (typeof value !== 'string' || value.length <= PIECE) return value;
  let quoted = '';
  for (let at = 0, end; at < value.length; at = end) {
    end = at + PIECE;
    // A pair of surrogates stays together.
    if ((value.charCodeAt(end - 1) & 0xfc00) === 0xd800) end--;
    quoted += JSON.stringify(value.slice(at, end)).slice(1, -1);
  }
  return JSON.rawJSON(`"${quoted}"`);
}

const wellFormed = (escape) => (escape === '\\\\' ? escape : '\\ufffd');

export function u32(value, name) {
  if (Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff) return value;
  throw new TypeError(`${name} is a whole number from 0 on, not ${described(value)}`);
}

/** A time in milliseconds. QuickJS takes a number where the contract has 64 bits, StarlingMonkey a BigInt. */
export function time(value, name) {
  const whole = Math.floor(value);
  if (typeof value !== 'number' || !Number.isSafeInteger(whole) || whole < 0) {
    throw new TypeError(`${name} is a time in milliseconds, not ${described(value)}`);
  }
  return isQuickJs() ? whole : BigInt(whole);
}

/** `check` for what may be left out. */
export const optional = (check) => (value, name) => (value === null || value === undefined ? null : check(value, name));

const described = (value) => (typeof value === 'number' ? String(value) : value === null ? 'null' : typeof value);
