import {
  type Call,
  Failure,
  type FailureKind,
  type Json,
  clock,
  config,
  http,
  jobs,
  kv,
  llm,
  log,
  memory,
  messages,
  progress,
  random,
  settings,
  skills,
} from 'skillet';

interface Input {
  do: keyof typeof ACTIONS;
  text: string;
  kind: FailureKind;
  key: string;
  value: string;
  expected: string | null;
  prefix: string;
  url: string;
  level: 'debug' | 'info' | 'warn' | 'error';
  done: number;
  total: number;
  note: string;
  length: number;
  query: string;
  prompt: string;
  at_ms: number;
  skill: string;
  input: Json;
}

type Output = { [key: string]: Json };

const ACTIONS = {
  echo: ({ text }: Input) => ({ text }),
  call: (_: Input, { id, attempt, locale, timeZone, deadlineMs }: Call) =>
    ({ id, attempt, locale, time_zone: timeZone, deadline_ms: deadlineMs }),
  fail: ({ kind, text }: Input): Output => {
    throw new Failure(kind, text);
  },
  panic: ({ text }: Input): Output => {
    throw new Error(text);
  },
  // Nobody waits for it.
  quit: ({ text }: Input): Output => {
    void Promise.reject(new Error(text));
    return {};
  },
  kv_set: ({ key, value }: Input) => done(kv.set(key, value)),
  kv_get: ({ key }: Input) => ({ value: kv.get(key) }),
  kv_swap: ({ key, expected, value }: Input) => ({ set: kv.compareAndSet(key, expected, value) }),
  kv_delete: ({ key }: Input) => done(kv.remove(key)),
  kv_list: ({ prefix }: Input) => ({ keys: kv.keys(prefix, 100) }),
  http: async ({ url }: Input) => {
    const response: http.Response = await http.get(url, { headers: { 'x-conformance': 'yes' }, timeoutMs: 5_000 });
    return { status: response.status, body: response.text() };
  },
  log: ({ level, text }: Input) => done(log[level](text)),
  progress: ({ done: soFar, total, note }: Input) => done(progress.report(soFar, total, note)),
  clock: () => ({ now_ms: clock.nowMs() }),
  random: ({ length }: Input) => {
    const hex = Array.from(random.bytes(length), (byte) => byte.toString(16).padStart(2, '0'));
    return { hex: hex.join('') };
  },
  settings: ({ key }: Input) => ({ value: settings.get(key) }),
  remember: ({ key, text }: Input) => done(memory.remember(text, { key })),
  search: ({ query }: Input) => ({ keys: memory.search(query, 10).map((fact: memory.Fact) => fact.key) }),
  llm: ({ prompt }: Input) => {
    const { text } = llm.complete({ tier: 'small', instructions: 'Answer.', prompt, maxOutputTokens: 64 });
    return { text };
  },
  send: ({ text }: Input) => ({ id: messages.send(text) }),
  schedule: ({ text, at_ms }: Input) => ({ id: jobs.schedule({ kind: 'reminder', runAtMs: at_ms, payload: { text } }) }),
  skill: ({ skill, input }: Input) => ({ output: skills.call(skill, input) }),
  config: ({ key }: Input) => ({ value: config.get(key) }),
  spin: (): Output => {
    for (;;);
  },
  fill: (): Output => {
    const kept: Uint8Array[] = [];
    for (;;) kept.push(new Uint8Array(1 << 20).fill(1));
  },
};

function done(_: void): Output {
  return {};
}

export default function run(input: Input, call: Call): Output | Promise<Output> {
  if (!Object.hasOwn(ACTIONS, input.do)) throw Failure.invalidInput(`\`do\` is none of ${Object.keys(ACTIONS).join(', ')}`);
  return ACTIONS[input.do](input, call);
}
