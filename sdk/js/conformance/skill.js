import { Failure, clock, config, http, jobs, kv, llm, log, memory, messages, progress, random, settings, skills } from 'skillet';

const ACTIONS = {
  echo: ({ text }) => ({ text }),
  call: (_, { id, attempt, locale, timeZone, deadlineMs }) =>
    ({ id, attempt, locale, time_zone: timeZone, deadline_ms: deadlineMs }),
  fail: ({ kind, text }) => {
    throw new Failure(kind, text);
  },
  panic: ({ text }) => {
    throw new Error(text);
  },
  // What is thrown cannot even be read.
  quit: ({ text }) => {
    throw new Proxy({}, { get: () => { throw new Error(text); } });
  },
  kv_set: ({ key, value }) => {
    kv.set(key, value);
    return {};
  },
  kv_get: ({ key }) => ({ value: kv.get(key) }),
  kv_swap: ({ key, expected, value }) => ({ set: kv.compareAndSet(key, expected, value) }),
  kv_delete: ({ key }) => {
    kv.remove(key);
    return {};
  },
  kv_list: ({ prefix }) => ({ keys: kv.keys(prefix, 100) }),
  http: async ({ url }) => {
    const response = await http.get(url, { headers: { 'x-conformance': 'yes' }, timeoutMs: 5_000 });
    return { status: response.status, body: response.text() };
  },
  // Of an engine that has the web's own.
  fetch: async ({ url, size }) => {
    const response = await fetch(url, size ? { method: 'POST', body: 'x'.repeat(size) } : {});
    return { status: response.status, length: (await response.text()).length };
  },
  log: ({ level, text }) => {
    log[level](text);
    return {};
  },
  progress: ({ done, total, note }) => {
    progress.report(done, total, note);
    return {};
  },
  clock: () => ({ now_ms: clock.nowMs() }),
  random: ({ length }) => {
    const hex = Array.from(random.bytes(length), (byte) => byte.toString(16).padStart(2, '0'));
    return { hex: hex.join('') };
  },
  settings: ({ key }) => ({ value: settings.get(key) }),
  remember: ({ key, text }) => {
    memory.remember(text, { key });
    return {};
  },
  search: ({ query }) => ({ keys: memory.search(query, 10).map((fact) => fact.key) }),
  llm: ({ prompt }) => {
    const { text } = llm.complete({ tier: 'small', instructions: 'Answer.', prompt, maxOutputTokens: 64 });
    return { text };
  },
  send: ({ text }) => ({ id: messages.send(text) }),
  schedule: ({ text, at_ms }) => ({ id: jobs.schedule({ kind: 'reminder', runAtMs: at_ms, payload: { text } }) }),
  skill: ({ skill, input }) => ({ output: skills.call(skill, input) }),
  config: ({ key }) => ({ value: config.get(key) }),
  spin: () => {
    for (;;);
  },
  fill: () => {
    const kept = [];
    for (;;) kept.push(new Uint8Array(1 << 20).fill(1));
  },
};

export default function run(input, call) {
  if (!Object.hasOwn(ACTIONS, input.do)) throw Failure.invalidInput(`\`do\` is none of ${Object.keys(ACTIONS).join(', ')}`);
  return ACTIONS[input.do](input, call);
}
