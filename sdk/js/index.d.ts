/// <reference path="./globals.d.ts" />

import type * as contract from './contract';

// A skill is the function that its file exports: `export default function run(input, call) {…}`. Each call runs in a
// fresh instance. Everything outside of the sandbox goes through the modules here; one that a skill does not use is
// not imported by its component, so it cannot be granted by accident. `log`, `clock`, `random` and `progress` need no
// grant. The functions return what the host answered, or throw a Failure.

/** One run of a skill. The host fills in every field. */
export interface Call extends Omit<contract.types.Call, 'input'> {
  /** Whether replies should be in Chinese: the locale is `zh` or a variety of it. */
  readonly isChinese: boolean;
}

/** What a skill's file exports by default: `export default run satisfies Run<Input, Output>`. */
export type Run<Input, Output> = (input: Input, call: Call) => Output | Promise<Output>;

/** Anything that JSON can say. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/**
 * Why a run did not produce an output. The text goes back to whoever asked, a model or a person.
 *
 * - `invalid-input`: the arguments make no sense; the text says what would be right.
 * - `unavailable`: something needed is away for now. The host tries again, if the manifest's `idempotency` allows it
 *   or nothing has left the host.
 * - `denied`: the owner has not granted what this needs; the text says what to grant.
 * - `failed`: anything else.
 */
export type FailureKind = contract.types.Failure['tag'];

/** The names of what the host refuses, and `status` for an HTTP status that is no success. */
export type FailureCode =
  | (
      | contract.config.Error
      | contract.http.Error
      | contract.jobs.Error
      | contract.kv.Error
      | contract.llm.Error
      | contract.memory.Error
      | contract.messages.Error
    )['tag']
  | FailureKind
  | 'status';

/**
 * Ends the call when it is thrown and nobody catches it. What the host refuses is thrown as one too. Any other
 * exception ends the call as `failed`, and its stack is logged.
 */
export class Failure extends Error {
  constructor(kind: FailureKind, text: string, code?: FailureCode);
  readonly kind: FailureKind;
  /** The error's name in the contract, such as `quota-exceeded`, if the host answered with one. */
  readonly code?: FailureCode;
  static invalidInput(text: string): Failure;
  static unavailable(text: string): Failure;
  static denied(text: string): Failure;
  static failed(text: string): Failure;
}

/** Lines that the owner reads beside the call. The host cuts long lines and keeps only so many of a call. */
export namespace log {
  /** For whoever debugs the skill. Values that are no text are shown as JSON, errors with their stack. */
  function debug(...values: unknown[]): void;
  /** Worth knowing. */
  function info(...values: unknown[]): void;
  /** Odd, but the call goes on. */
  function warn(...values: unknown[]): void;
  /** The call will not do what was asked. */
  function error(...values: unknown[]): void;
}

export namespace clock {
  /** Milliseconds since 1970-01-01 UTC. */
  function nowMs(): number;
}

export namespace random {
  /** Random bytes from the host, fit for tokens and keys. */
  function bytes(length: number): Uint8Array;
}

export namespace progress {
  /** `done` of `total` steps, with a few words on the step at hand; shown to the person who waits. */
  function report(done: number, total: number, note?: string): void;
}

/**
 * Bytes kept for this skill and this user, from one call to the next. Granted with `kv = true`.
 *
 * Throws `failed` with the code `too-large` or `quota-exceeded`, or `unavailable`.
 */
export namespace kv {
  /** The value as text, or null if there is none. */
  function get(key: string): string | null;
  /** The value as it is, or null if there is none. */
  function getBytes(key: string): Uint8Array | null;
  /** The value, parsed as JSON, or null if there is none. */
  function getJson<T = Json>(key: string): T | null;
  /** Keeps text or bytes under the key, in place of what was there. */
  function set(key: string, value: string | Uint8Array): void;
  /** Keeps a value as JSON. */
  function setJson(key: string, value: unknown): void;
  /** Keeps a value only if the present one is `expected` (null: there is none); whether it did. */
  function compareAndSet(key: string, expected: string | Uint8Array | null, value: string | Uint8Array): boolean;
  /**
   * Changes a value kept as JSON; returns the new one. Calls of a skill may run at the same time: if another one
   * changed the value meanwhile, `change` is called again with what is there now. What it returns undefined for stays
   * as it is. Throws `unavailable` when other calls keep getting in first.
   */
  function update<T>(key: string, change: (before: T | null) => T): T;
  function update<T>(key: string, change: (before: T | null) => T | undefined): T | undefined;
  /** Forgets the key. To forget what is not there succeeds. */
  function remove(key: string): void;
  /** The keys that start with `prefix`, sorted, at most `limit` of them (100 unless given). */
  function keys(prefix?: string, limit?: number): string[];
}

/** What the owner set for this skill on its page. Granted with `settings = true`. */
export namespace settings {
  /** The setting's value, or null if the owner gave it none. */
  function get(key: string): string | null;
  /** The setting's value; throws `denied`, with what to fill in, if it has none. */
  function require(key: string): string;
}

/** What the agent knows about the user. Granted with `memory = ["read", "write"]`, or one of them. */
export namespace memory {
  /** What the fact is about, the fact in words, and when it was learnt, in milliseconds since 1970-01-01 UTC. */
  type Fact = contract.memory.Fact;
  /** The facts nearest to the query, best first, at most `limit` of them (10 unless given). */
  function search(query: string, limit?: number): Fact[];
  /** Keeps a fact, in place of what was known under the key; without a key the host derives one from the text. */
  function remember(text: string, options?: { key?: string }): void;
}

/** The agent's own settings, only the keys that the owner opened to skills. Granted with `config = true`. */
export namespace config {
  /** The value in force. Throws `denied` for a key that is not open, `invalid-input` for one that does not exist. */
  function get(key: string): string;
  /** Changes a setting, at once and for everyone. */
  function set(key: string, value: string | number | boolean): void;
}

/** A language model behind the host's gateway. Granted with `llm = "small"` or `llm = "large"`. */
export namespace llm {
  interface Request extends Pick<contract.llm.Request, 'prompt'> {
    /** How much an answer is worth: `small` (the default) for extraction and short texts, `large` for reasoning. */
    tier?: contract.llm.Tier;
    /** What to do with the prompt. Keep the same text from call to call: it is cached. */
    instructions?: string;
    /** A JSON Schema; with it the answer's text is JSON that satisfies it. */
    outputSchema?: object;
    /** 512 unless given. The host reserves money for this many; ask for no more than needed. */
    maxOutputTokens?: number;
  }
  type Answer = contract.llm.Answer;
  /** Asks, and waits for the answer. Throws `denied` (also for a budget that is spent) or `unavailable`. */
  function complete(request: Request): Answer;
}

/** Messages to the people of the call. Granted with `messages = ["me"]` or `messages = ["me", "people"]`. */
export namespace messages {
  /**
   * Queues a message and returns its id; the n-th message of a call is sent once, however often it is retried.
   * Without a chat it goes to the conversation of the call. `me` is the person's own Telegram chat; anything else
   * is the name of a paired person or group, or a Telegram chat id, and needs the scope `people`.
   */
  function send(text: string, options?: { chat?: string }): string;
}

/** Work done later, for the person of the call. Granted with `jobs = true`. */
export namespace jobs {
  /** Times are in milliseconds since 1970-01-01 UTC. */
  interface NewJob extends Pick<contract.jobs.NewJob, 'kind' | 'runAtMs'> {
    /** A cron expression of five fields in the user's time zone; without it the job runs once. */
    recurrence?: string;
    payload?: unknown;
    /** The same key again makes no second job; the first one's id is returned. */
    idempotencyKey?: string;
  }
  interface Job extends Omit<contract.jobs.Job, 'payload'> {
    readonly payload: Json;
  }
  /** Schedules a job; returns its id. Throws `invalid-input` for a kind, time or recurrence that makes no sense. */
  function schedule(job: NewJob): string;
  /** Those still to run, the next one first; then those that ended in the last day. 100 unless given. */
  function list(limit?: number): Job[];
  /** Moves a job; false when it is not waiting any more. */
  function reschedule(id: string, runAtMs: number): boolean;
  /** Takes a job off the schedule; whether it was still to run. */
  function cancel(id: string): boolean;
}

/**
 * Requests to the hosts that the owner granted: `http = ["api.example.org"]`. Secrets never pass through a skill: the
 * manifest names the header, and the host puts the value in.
 */
export namespace http {
  interface Options {
    /** GET unless there is a body. */
    method?: string;
    headers?: Record<string, string> | [string, string][];
    body?: string | Uint8Array;
    /** A body of JSON, with the header that says so. */
    json?: unknown;
    /** How long to wait for the whole response; 10,000 unless given. */
    timeoutMs?: number;
  }
  /** The headers are in the order they came, the body is already decompressed. */
  interface Response extends contract.http.Response {
    /** Whether the status is a success (2xx). */
    readonly ok: boolean;
    /** The first header of that name, in whatever case. */
    header(name: string): string | null;
    /** The body as UTF-8; other bytes become U+FFFD. */
    text(): string;
    json<T = Json>(): T;
    /** This response if its status is a success; throws `unavailable` for 408, 429 and 5xx, else `failed`. */
    expectOk(): Response;
  }
  /**
   * A status like 404 is a response. Throws `denied` (a host that is not granted, an address that is not public),
   * `unavailable` with the code `timeout` or `unreachable`, or `failed` with `too-large` or `invalid`.
   */
  function request(url: string, options?: Options): Response;
  function get(url: string, options?: Omit<Options, 'method'>): Response;
  function post(url: string, options?: Omit<Options, 'method'>): Response;
}

/** Other skills of the host. Granted with `skills = ["calculator"]`. */
export namespace skills {
  /**
   * Runs another skill for the same person and returns its output; its failure is thrown. What it uses counts against
   * this call: three levels deep at most, sixteen calls in all, within the fuel and the time of the first one.
   */
  function call<T = Json>(skill: string, input: unknown): T;
}
