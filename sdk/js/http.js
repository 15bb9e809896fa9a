import { fetch as send } from 'skillet:skill/http@0.1.0';
import { bytes, json as asJson, text, u32 } from './checked.js';
import { Failure, lent } from './failure.js';
import { decode } from './text.js';

const CASES = {
  denied: ['denied'],
  invalid: ['failed', 'the request is invalid: '],
  timeout: ['unavailable', 'the server did not answer in time'],
  'too-large': ['failed', 'the response is too large'],
  unreachable: ['unavailable', 'the server cannot be reached: '],
};

/** Long enough for a slow interface, short enough for a person who waits. */
const DEFAULT_TIMEOUT_MS = 10_000;

const exchange = lent(send, CASES);

class Response {
  constructor({ status, headers, body }) {
    this.status = status;
    this.headers = headers;
    this.body = new Uint8Array(body);
  }

  get ok() {
    return this.status >= 200 && this.status < 300;
  }

  header(name) {
    const wanted = name.toLowerCase();
    return this.headers.find(([given]) => given.toLowerCase() === wanted)?.[1] ?? null;
  }

  text() {
    return decode(this.body);
  }

  json() {
    return JSON.parse(this.text());
  }

  expectOk() {
    if (this.ok) return this;
    const again = this.status === 408 || this.status === 429 || this.status >= 500;
    throw new Failure(again ? 'unavailable' : 'failed', `the server answered with status ${this.status}`, 'status');
  }
}

export function request(url, { method, headers = {}, body, json, timeoutMs = DEFAULT_TIMEOUT_MS } = {}) {
  const sent = json === undefined ? body : asJson(json, 'the body');
  const type = json === undefined ? [] : [['content-type', 'application/json']];
  const given = Array.isArray(headers) ? headers : Object.entries(headers);
  const pair = ([name, value]) => [text(name, 'the name of a header'), text(String(value), 'a header')];
  return new Response(
    exchange({
      method: text(method ?? (sent === undefined ? 'GET' : 'POST'), 'the method'),
      url: text(String(url), 'the URL'),
      headers: [...type, ...given.map(pair)],
      body: bytes(sent ?? '', 'the body'),
      timeoutMs: u32(timeoutMs, 'the timeout'),
    }),
  );
}

export const get = (url, options) => request(url, { ...options, method: 'GET' });

export const post = (url, options) => request(url, { ...options, method: 'POST' });
