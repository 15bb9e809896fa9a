// What there is besides the language itself. Neither timers, `URL`, `fetch` nor `Intl`: QuickJS has none.

interface Console {
  debug(...values: unknown[]): void;
  trace(...values: unknown[]): void;
  log(...values: unknown[]): void;
  info(...values: unknown[]): void;
  warn(...values: unknown[]): void;
  error(...values: unknown[]): void;
}

/** Writes to the call's log. */
declare var console: Console;

/** UTF-8. */
declare class TextEncoder {
  readonly encoding: string;
  encode(text?: string): Uint8Array;
}

/** UTF-8 only. */
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  readonly encoding: string;
  decode(source?: ArrayBuffer | ArrayBufferView): string;
}

declare var crypto: {
  getRandomValues<T extends ArrayBufferView>(view: T): T;
  randomUUID(): string;
};

declare var performance: { now(): number };

declare function queueMicrotask(job: () => void): void;
declare function atob(base64: string): string;
declare function btoa(latin1: string): string;
