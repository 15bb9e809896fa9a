import { decode, encode, toUint8Array } from '../../../text.js';

export class TextEncoder {
  get encoding() {
    return 'utf-8';
  }

  encode(text = '') {
    return encode(text);
  }
}

export class TextDecoder {
  #fatal;
  #ignoreBOM;

  constructor(label = 'utf-8', { fatal = false, ignoreBOM = false } = {}) {
    if (!/^\s*utf-?8\s*$/i.test(label)) throw new RangeError(`there is no decoder for ${label}`);
    this.#fatal = fatal;
    this.#ignoreBOM = ignoreBOM;
  }

  get encoding() {
    return 'utf-8';
  }

  decode(source = new Uint8Array()) {
    const text = decode(toUint8Array(source), this.#fatal);
    return this.#ignoreBOM || text[0] !== '\ufeff' ? text : text.slice(1);
  }
}
