import * as log from '../../../log.js';
import { isRunning } from '../../../running.js';

/** While the build loads the modules there is no host to write to. */
const whileRunning = (write) => (...values) => {
  if (isRunning()) write(...values);
};

export const console = {
  debug: whileRunning(log.debug),
  trace: whileRunning(log.debug),
  log: whileRunning(log.info),
  info: whileRunning(log.info),
  warn: whileRunning(log.warn),
  error: whileRunning(log.error),
};
