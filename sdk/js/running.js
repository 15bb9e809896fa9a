let running = false;

/** False while the build loads the modules and keeps what they set up: nothing of the host answers then. */
export const isRunning = () => running;

export function start() {
  running = true;
}
