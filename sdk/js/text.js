// UTF-8 for an engine that has no TextEncoder and no TextDecoder. What the engine does in C is put together for it:
// a loop over bytes in JavaScript takes ten times the fuel and more.

/** In bytes: what is broken is decoded slowly in this many around it, and as many arguments fit on the stack. */
const CHUNK = 4_096;

export function encode(text) {
  return Uint8Array.fromBase64(btoa(unescape(encodeURIComponent(String(text).toWellFormed()))));
}

export function toUint8Array(source) {
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
}

/** Bytes that are not UTF-8 become U+FFFD, or an error if `fatal`. */
export function decode(bytes, fatal = false) {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const end = charactersEnd(bytes, at + CHUNK);
    text += decodeChunk(bytes.subarray(at, end), fatal);
    at = end;
  }
  return text;
}

/** The next place from `at` on that is not within a character; four bytes further at most, whatever they are. */
function charactersEnd(bytes, at) {
  const last = Math.min(at + 4, bytes.length);
  while (at < last && (bytes[at] & 0xc0) === 0x80) at++;
  return Math.min(at, bytes.length);
}

function decodeChunk(bytes, fatal) {
  const latin = atob(bytes.toBase64());
  if (Math.max.apply(null, bytes) < 0x80) return latin;
  try {
    return decodeURIComponent(escape(latin));
  } catch {
    if (fatal) throw new TypeError('the bytes are not UTF-8');
    return decodeBroken(bytes);
  }
}

/** As the Encoding Standard says: one U+FFFD for each longest beginning of a character. */
function decodeBroken(bytes) {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const [point, length] = character(bytes, at);
    text += String.fromCodePoint(point);
    at += length;
  }
  return text;
}

function character(bytes, at) {
  const lead = bytes[at];
  if (lead < 0x80) return [lead, 1];
  const more = lead >= 0xc2 && lead <= 0xdf ? 1 : (lead & 0xf0) === 0xe0 ? 2 : lead >= 0xf0 && lead <= 0xf4 ? 3 : 0;
  if (more === 0) return [0xfffd, 1];
  let point = lead & (0x3f >> more);
  for (let next = 1; next <= more; next++) {
    const byte = bytes[at + next];
    const [low, high] = next === 1 ? secondByte(lead) : [0x80, 0xbf];
    if (!(byte >= low && byte <= high)) return [0xfffd, next];
    point = (point << 6) | (byte & 0x3f);
  }
  return [point, more + 1];
}

/** Keeps out what is longer than it need be, surrogates, and what is above U+10FFFF. */
function secondByte(lead) {
  if (lead === 0xe0) return [0xa0, 0xbf];
  if (lead === 0xed) return [0x80, 0x9f];
  if (lead === 0xf0) return [0x90, 0xbf];
  if (lead === 0xf4) return [0x80, 0x8f];
  return [0x80, 0xbf];
}
