import * as host from 'skillet:skill/memory@0.1.0';
import { text, u32 } from './checked.js';
import { lent } from './failure.js';

const CASES = { denied: ['denied'], unavailable: ['unavailable', 'memory is unavailable: '] };

export const search = lent((query, limit = 10) => host.search(text(query, 'the query'), u32(limit, 'the limit')).map(found), CASES);

export const remember = lent(
  (fact, { key = '' } = {}) => void host.remember(text(key, 'the key'), text(fact, 'the fact')),
  CASES,
);

const found = (fact) => ({ key: fact.key, text: fact.text, score: fact.score, recordedAtMs: Number(fact.recordedAtMs) });
