// What people expect to be there and QuickJS lacks, or has with no host behind it. The build puts each in where the
// skill or a package of its names it, and leaves out the rest.

export { console } from './console.js';
export { crypto, mathRandom as 'Math.random' } from './chance.js';
export { HostDate as Date, sinceStart as 'performance.now' } from './date.js';
export { TextDecoder, TextEncoder } from './encoding.js';
export { enqueue as queueMicrotask } from '../promise.js';
