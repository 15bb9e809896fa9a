import { nowMs } from '../../../clock.js';
import { isRunning } from '../../../running.js';

const EngineDate = globalThis.Date;

const now = () => (isRunning() ? nowMs() : EngineDate.now());

export function HostDate(...values) {
  if (!new.target) return new EngineDate(now()).toString();
  return Reflect.construct(EngineDate, values.length > 0 ? values : [now()], new.target);
}
Object.setPrototypeOf(HostDate, EngineDate);
Object.defineProperty(HostDate, 'name', { value: 'Date' });
HostDate.prototype = EngineDate.prototype;
HostDate.prototype.constructor = HostDate;
HostDate.now = now;

let origin;

export function sinceStart() {
  origin ??= now();
  return Math.max(0, now() - origin);
}
