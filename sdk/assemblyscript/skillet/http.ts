// Requests to the hosts that the owner granted: `http = ["api.example.org"]`.
//
// Secrets never pass through a skill: the manifest names the header and the host puts the value in, only
// for the host it belongs to.
import * as abi from "./abi";
import { Failure, Kind } from "./failure";

// @ts-ignore: decorator
@external("skillet:skill/http@0.1.0", "fetch")
declare function rawFetch(
  method: usize, methodLength: u32, url: usize, urlLength: u32, headers: usize, headerCount: u32,
  body: usize, bodyLength: u32, timeoutMs: u32, reply: usize,
): void;

export class Header {
  constructor(
    public name: string,
    public value: string,
  ) {}
}

export class Request {
  method: string = "GET";
  headers: Header[] = [];
  body: ArrayBuffer = new ArrayBuffer(0);
  /** For the whole response. */
  timeoutMs: u32 = 10000;

  constructor(public url: string) {}

  header(name: string, value: string): Request {
    this.headers.push(new Header(name, value));
    return this;
  }
}

/** What the server answered; status 0 when a failure is pending. */
export class Response {
  status: i32 = 0;
  /** In the order they came. */
  headers: Header[] = [];
  /** Decompressed already. */
  body: ArrayBuffer = new ArrayBuffer(0);

  /** Whether the status is a success (2xx); a failure is pending if not. */
  ok(): bool {
    if (this.status >= 200 && this.status <= 299) return true;
    // What a retry may mend is unavailable: too many requests, the server's own fault.
    const mends = this.status == 408 || this.status == 429 || this.status >= 500;
    Failure.keep(mends ? Kind.UNAVAILABLE : Kind.FAILED, `the server answered with status ${this.status}`);
    return false;
  }

  /** The first header of that name, in whatever case; null if there is none. */
  header(name: string): string | null {
    for (let i = 0; i < this.headers.length; i++) {
      if (this.headers[i].name.toLowerCase() == name.toLowerCase()) return this.headers[i].value;
    }
    return null;
  }

  /** The body as text. */
  text(): string {
    return String.UTF8.decode(this.body);
  }
}

/** Sends it. A status like 404 is a response, not a failure: see `Response.ok`. */
export function send(request: Request): Response {
  const response = new Response();
  if (Failure.pending()) return response;
  const method = abi.utf8(request.method);
  const url = abi.utf8(request.url);
  // The texts have to stay until the host has read them; the pairs only hold their addresses.
  const texts: ArrayBuffer[] = [method, url];
  const pairs = new Uint32Array(request.headers.length * 4);
  for (let i = 0; i < request.headers.length; i++) {
    const name = abi.utf8(request.headers[i].name);
    const value = abi.utf8(request.headers[i].value);
    texts.push(name);
    texts.push(value);
    pairs[i * 4] = <u32>abi.address(name);
    pairs[i * 4 + 1] = name.byteLength;
    pairs[i * 4 + 2] = <u32>abi.address(value);
    pairs[i * 4 + 3] = value.byteLength;
  }
  rawFetch(
    abi.address(method), method.byteLength, abi.address(url), url.byteLength, pairs.dataStart, request.headers.length,
    abi.address(request.body), request.body.byteLength, request.timeoutMs, abi.reply(),
  );
  texts.length = 0;
  if (!isGood()) return response;
  response.status = load<u16>(abi.reply(), 4);
  response.body = abi.bytes(abi.reply() + 16);
  let at: usize = load<u32>(abi.reply(), 8);
  for (let left = load<u32>(abi.reply(), 12); left > 0; left--, at += 16) {
    response.headers.push(new Header(abi.text(at), abi.text(at + 8)));
  }
  return response;
}

function isGood(): bool {
  if (!abi.refused()) return true;
  switch (abi.refusal()) {
    case 0:
      Failure.keep(Kind.DENIED, abi.reason());
      break;
    case 1:
      Failure.keep(Kind.FAILED, "the request is invalid: " + abi.reason());
      break;
    case 2:
      Failure.keep(Kind.UNAVAILABLE, "the server did not answer in time");
      break;
    case 3:
      Failure.keep(Kind.FAILED, "the response is too large");
      break;
    default:
      Failure.keep(Kind.UNAVAILABLE, "the server cannot be reached: " + abi.reason());
  }
  return false;
}
