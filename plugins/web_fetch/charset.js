import { TextDecoder as AnyDecoder, getBOMEncoding, labelToName } from '@exodus/bytes/encoding.js';

/** Most bytes that are decoded: beyond UTF-8, which the engine does itself, each takes ten times the fuel. */
const MAX_UTF8_BYTES = 512 << 10;
const MAX_OTHER_BYTES = 128 << 10;

/** As far as a page may go before it says what it is written in. */
const HEAD_BYTES = 2_048;

/** Returns the text of a body, and whether some of it was left out. `type` is its content type. */
export function decode(body, type) {
  const charset = charsetOf(body, type);
  const max = charset === 'UTF-8' ? MAX_UTF8_BYTES : MAX_OTHER_BYTES;
  const decoder = charset === 'UTF-8' ? new TextDecoder() : new AnyDecoder(charset);
  return { text: decoder.decode(body.subarray(0, max)), cut: body.length > max };
}

function charsetOf(body, type) {
  const marked = getBOMEncoding(body);
  if (marked) return labelToName(marked);
  const head = new TextDecoder().decode(body.subarray(0, HEAD_BYTES));
  const declared = /charset\s*=\s*["']?([\w:.-]+)/i.exec(type) ?? /<meta[^>]+charset\s*=\s*["']?([\w:.-]+)/i.exec(head);
  return (declared && labelToName(declared[1])) || 'UTF-8';
}
