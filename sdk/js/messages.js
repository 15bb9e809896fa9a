import { send as queue } from 'skillet:skill/messages@0.1.0';
import { optional, text } from './checked.js';
import { lent } from './failure.js';

const CASES = { denied: ['denied'], unavailable: ['unavailable', 'the outbox is unavailable: '] };

export const send = lent(
  (message, { chat } = {}) => queue(optional(text)(chat, 'the chat'), text(message, 'the message')),
  CASES,
);
