import * as host from 'skillet:skill/jobs@0.1.0';
import { json, optional, text, time, u32 } from './checked.js';
import { lent } from './failure.js';

const CASES = {
  invalid: ['invalid-input'],
  denied: ['denied'],
  unavailable: ['unavailable', 'the scheduler is unavailable: '],
};

export const schedule = lent(
  ({ kind, runAtMs, recurrence, payload = null, idempotencyKey }) =>
    host.schedule({
      kind: text(kind, 'the kind'),
      runAtMs: time(runAtMs, 'runAtMs'),
      recurrence: optional(text)(recurrence, 'the recurrence'),
      payload: json(payload, 'the payload'),
      idempotencyKey: optional(text)(idempotencyKey, 'the idempotency key'),
    }),
  CASES,
);

export const list = lent((limit = 100) => host.list(u32(limit, 'the limit')).map(listed), CASES);

export const reschedule = lent((id, runAtMs) => host.reschedule(text(id, 'the id'), time(runAtMs, 'runAtMs')), CASES);

export const cancel = lent((id) => host.cancel(text(id, 'the id')), CASES);

const listed = ({ id, kind, state, runAtMs, recurrence, payload }) => ({
  id,
  kind,
  state,
  runAtMs: Number(runAtMs),
  recurrence: recurrence ?? null,
  payload: JSON.parse(payload),
});
