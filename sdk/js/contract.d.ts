// Generated from the contract, and compared with it by a test. A result is what a function returns, or the
// error that it throws; an option is null where there is nothing.

/** Words shared by every interface. */
export namespace types {
  /** JSON text (RFC 8259). Used only where the model itself speaks JSON. */
  export type Json = string;
  /** One run of a skill. The host fills every field; a guest cannot set them. */
  export interface Call {
    /** UUIDv7 of this run; the same id on every retry of it. */
    readonly id: string;
    /** 1 on the first attempt. */
    readonly attempt: number;
    /** Arguments, already checked against the manifest's `input_schema`. */
    readonly input: Json;
    /** IETF language tag of the user, for example `zh-CN`. */
    readonly locale: string;
    /** IANA zone of the user, for example `Asia/Shanghai`. */
    readonly timeZone: string;
    /** Milliseconds left until the host stops this run. */
    readonly deadlineMs: number;
  }
  /**
   * Why a run did not produce an output. The text goes back to whoever asked, a model or a
   * person. Only `unavailable` is ever retried.
   */
  export type Failure =
    /** The arguments make no sense; the text says what would be right. */
    | { readonly tag: 'invalid-input'; readonly val: string }
    /** Something needed is away for now. It may be retried by a host, if the manifest allows it. */
    | { readonly tag: 'unavailable'; readonly val: string }
    /** The owner has not granted what this needs; the text says what to grant. */
    | { readonly tag: 'denied'; readonly val: string }
    /** Anything else. */
    | { readonly tag: 'failed'; readonly val: string };
}

export namespace clock {
  /** Milliseconds since 1970-01-01 UTC. */
  export function nowMs(): number;
}

/**
 * The agent's own settings, only those keys that the owner opened to skills. A skill's own
 * settings are in `settings`.
 */
export namespace config {
  export type Error =
    /** The key exists, but is not open to skills. The text says how to open it. */
    | { readonly tag: 'denied'; readonly val: string }
    /** There is no such key. */
    | { readonly tag: 'unknown'; readonly val: string }
    /** The value does not fit the key. The text says what would. */
    | { readonly tag: 'invalid'; readonly val: string }
    /** The settings cannot be reached for now. */
    | { readonly tag: 'unavailable'; readonly val: string };
  /**
   * The value in force, as text.
   * Throws Error.
   */
  export function get(key: string): string;
  /**
   * Takes effect at once for everyone, and is noted in the audit log.
   * Throws Error.
   */
  export function set(key: string, value: string): void;
}

/** The one door to the network, for languages without `wasi:http`. */
export namespace http {
  export interface Request {
    readonly method: string;
    readonly url: string;
    readonly headers: [string, string][];
    readonly body: Uint8Array;
    readonly timeoutMs: number;
  }
  export interface Response {
    readonly status: number;
    readonly headers: [string, string][];
    readonly body: Uint8Array;
  }
  export type Error =
    /** The host or the method is not granted, or the address is not public. */
    | { readonly tag: 'denied'; readonly val: string }
    | { readonly tag: 'invalid'; readonly val: string }
    | { readonly tag: 'timeout' }
    /** The response is longer than the host accepts. */
    | { readonly tag: 'too-large' }
    | { readonly tag: 'unreachable'; readonly val: string };
  /** Throws Error. */
  export function fetch(request: Request): Response;
}

/** Work done later, on the host's schedule. A skill sees the jobs of the person its call is for. */
export namespace jobs {
  export type Json = types.Json;
  export interface NewJob {
    /**
     * `reminder` with the payload `{"text"}`, `skill_call` with `{"skill", "input"}`, or
     * `daily_digest`.
     */
    readonly kind: string;
    /** When it runs; with a recurrence, the moment from which it does. */
    readonly runAtMs: number;
    /** A cron expression of five fields in the user's time zone; without it the job runs once. */
    readonly recurrence: string | null;
    readonly payload: Json;
    /** The same key again returns the job that is already there. */
    readonly idempotencyKey: string | null;
  }
  export type State =
    /** Still to run. */
    | 'waiting'
    | 'running'
    | 'done'
    /** Its attempts are used up. */
    | 'failed'
    | 'cancelled';
  export interface Job {
    readonly id: string;
    readonly kind: string;
    readonly state: State;
    /** When it runs next, or ran last. */
    readonly runAtMs: number;
    readonly recurrence: string | null;
    readonly payload: Json;
  }
  export type Error =
    | { readonly tag: 'invalid'; readonly val: string }
    | { readonly tag: 'denied'; readonly val: string }
    | { readonly tag: 'unavailable'; readonly val: string };
  /**
   * Returns the id of the job.
   * Throws Error.
   */
  export function schedule(job: NewJob): string;
  /**
   * Those still to run, the next one first; then those that ended in the last day, newest first.
   * Throws Error.
   */
  export function list(limit: number): Job[];
  /**
   * Moves a job that is still to run. False when it is not waiting any more.
   * Throws Error.
   */
  export function reschedule(id: string, runAtMs: number): boolean;
  /**
   * True when the job was still to run and now is not.
   * Throws Error.
   */
  export function cancel(id: string): boolean;
}

/** Bytes kept for this skill and this user. Other skills and users never see them. */
export namespace kv {
  export type Error =
    /** The key or the value is longer than the host keeps. */
    | { readonly tag: 'too-large' }
    /** This skill's share for this user is full. */
    | { readonly tag: 'quota-exceeded' }
    | { readonly tag: 'unavailable'; readonly val: string };
  /** Throws Error. */
  export function get(key: string): Uint8Array | null;
  /** Throws Error. */
  export function set(key: string, value: Uint8Array): void;
  /**
   * Sets only if the current value is `expected`; true when it did.
   * Throws Error.
   */
  export function compareAndSet(key: string, expected: Uint8Array | null, value: Uint8Array): boolean;
  /**
   * Deleting what is not there succeeds.
   * Throws Error.
   */
  function delete_(key: string): void;
  export { delete_ as delete };
  /**
   * Keys that start with `prefix`, sorted, at most `limit` of them.
   * Throws Error.
   */
  export function listKeys(prefix: string, limit: number): string[];
}

/** A language model behind the host's gateway: budgets, tiers and caches apply. */
export namespace llm {
  export type Json = types.Json;
  export type Tier =
    | 'small'
    | 'large';
  export interface Request {
    readonly tier: Tier;
    readonly instructions: string;
    readonly prompt: string;
    /** A JSON Schema; with it the answer's text is JSON that satisfies it. */
    readonly outputSchema: Json | null;
    readonly maxOutputTokens: number;
  }
  export interface Answer {
    readonly text: string;
    readonly inputTokens: number;
    readonly outputTokens: number;
  }
  export type Error =
    | { readonly tag: 'budget-exceeded'; readonly val: string }
    | { readonly tag: 'denied'; readonly val: string }
    | { readonly tag: 'unavailable'; readonly val: string };
  /** Throws Error. */
  export function complete(request: Request): Answer;
}

/** Lines that the owner reads beside the call. Long lines are cut, and a call has only so many. */
export namespace log {
  export type Level =
    | 'debug'
    | 'info'
    | 'warn'
    | 'error';
  export function write(level: Level, message: string): void;
}

/** What the agent knows about the user this call is for. Facts of other users are out of reach. */
export namespace memory {
  export type Json = types.Json;
  export interface Fact {
    readonly key: string;
    readonly text: string;
    /** Higher is nearer to the query. Only comparable within one answer. */
    readonly score: number;
    readonly recordedAtMs: number;
  }
  export type Error =
    | { readonly tag: 'denied'; readonly val: string }
    | { readonly tag: 'unavailable'; readonly val: string };
  /**
   * The facts nearest to the query, best first, at most `limit` of them.
   * Throws Error.
   */
  export function search(query: string, limit: number): Fact[];
  /**
   * Keeps a fact. The same key again replaces what was kept under it; with an empty key the
   * host derives the key from the text.
   * Throws Error.
   */
  export function remember(key: string, text: string): void;
}

/** Messages to the people this call is for. */
export namespace messages {
  export type Error =
    | { readonly tag: 'denied'; readonly val: string }
    | { readonly tag: 'unavailable'; readonly val: string };
  /**
   * Queues a message in the outbox; returns its id. Same call, same index: sent once.
   * Without a chat it goes to the conversation that this call came from. `me` is the person's own
   * Telegram chat; anything else is the name of a paired person or group, or a Telegram chat id.
   * Throws Error.
   */
  export function send(chat: string | null, text: string): string;
}

export namespace progress {
  /** `done` of `total` steps; shown to the person who waits. */
  export function report(done: number, total: number, note: string): void;
}

export namespace random {
  /** At most 1,024 bytes a call. */
  export function bytes(length: number): Uint8Array;
}

/** Settings that the owner edits in the backoffice for this skill. */
export namespace settings {
  export function get(key: string): string | null;
}

/** What a skill must export. */
export namespace skill {
  export type Call = types.Call;
  export type Failure = types.Failure;
  export type Json = types.Json;
  /**
   * Runs once, in a fresh instance. The output must satisfy the manifest's `output_schema`.
   * Throws Failure.
   */
  export function run(call: Call): Json;
}

/** Other skills of this host. What they use counts against the call that calls them. */
export namespace skills {
  export type Json = types.Json;
  export type Failure = types.Failure;
  /**
   * Runs another skill for the same person. `denied`: this skill may not call it. `unavailable`:
   * the share of the first call is used up, or no place is free.
   * Throws Failure.
   */
  export function call(skill: string, input: Json): Json;
}
