// Promises that are run to their end before `run` returns. The engine has no way to run its own queue from within a
// call, so the build turns `async` functions into generators and they end up here.

let queue = [];

/** Promises that are rejected, with the reason, and that nobody has listened to. */
const unheard = new Map();

export function enqueue(job) {
  queue.push(job);
}

export function drain() {
  while (queue.length > 0) {
    const jobs = queue;
    queue = [];
    for (const job of jobs) job();
  }
}

/** What `run` returned, or the value of the promise that it returned. An error that nobody caught is thrown. */
export function settled(value) {
  let outcome = { result: value };
  if (typeof value?.then === 'function') {
    outcome = undefined;
    value.then(
      (result) => (outcome = { result }),
      (error) => (outcome = { error }),
    );
  }
  drain();
  if (!outcome) throw new Error('the promise that run returned never settles: a skill has nothing to wait for');
  if ('error' in outcome) throw outcome.error;
  for (const reason of unheard.values()) throw reason;
  return outcome.result;
}

class Promise {
  #state = 'pending';
  #value;
  #waiting = [];

  constructor(executor) {
    if (typeof executor !== 'function') throw new TypeError('a promise needs a function');
    const { resolve, reject } = this.#ends();
    try {
      executor(resolve, reject);
    } catch (error) {
      reject(error);
    }
  }

  /** The two ways to settle; the first that is used counts. */
  #ends() {
    let open = true;
    const once = (end) => (value) => {
      if (!open) return;
      open = false;
      end(value);
    };
    return { resolve: once((value) => this.#follow(value)), reject: once((error) => this.#settle('rejected', error)) };
  }

  #follow(value) {
    if (value === this) return this.#settle('rejected', new TypeError('a promise cannot wait for itself'));
    if (value === null || (typeof value !== 'object' && typeof value !== 'function')) {
      return this.#settle('fulfilled', value);
    }
    let then;
    try {
      then = value.then;
    } catch (error) {
      return this.#settle('rejected', error);
    }
    if (typeof then !== 'function') return this.#settle('fulfilled', value);
    const { resolve, reject } = this.#ends();
    enqueue(() => {
      try {
        then.call(value, resolve, reject);
      } catch (error) {
        reject(error);
      }
    });
  }

  #settle(state, value) {
    this.#state = state;
    this.#value = value;
    if (state === 'rejected' && this.#waiting.length === 0) unheard.set(this, value);
    for (const waiting of this.#waiting) this.#tell(waiting);
    this.#waiting = [];
  }

  #tell(waiting) {
    const { resolve, reject, [this.#state]: reaction } = waiting;
    enqueue(() => {
      if (typeof reaction !== 'function') return (this.#state === 'fulfilled' ? resolve : reject)(this.#value);
      try {
        resolve(reaction(this.#value));
      } catch (error) {
        reject(error);
      }
    });
  }

  then(fulfilled, rejected) {
    unheard.delete(this);
    return new Promise((resolve, reject) => {
      const waiting = { fulfilled, rejected, resolve, reject };
      if (this.#state === 'pending') this.#waiting.push(waiting);
      else this.#tell(waiting);
    });
  }

  catch(rejected) {
    return this.then(undefined, rejected);
  }

  finally(last) {
    if (typeof last !== 'function') return this.then(last, last);
    return this.then(
      (value) => Promise.resolve(last()).then(() => value),
      (error) =>
        Promise.resolve(last()).then(() => {
          throw error;
        }),
    );
  }

  get [Symbol.toStringTag]() {
    return 'Promise';
  }

  static resolve(value) {
    return value instanceof Promise ? value : new Promise((resolve) => resolve(value));
  }

  static reject(error) {
    return new Promise((_, reject) => reject(error));
  }

  static try(f, ...values) {
    return new Promise((resolve) => resolve(f(...values)));
  }

  static withResolvers() {
    const ends = {};
    const promise = new Promise((resolve, reject) => Object.assign(ends, { resolve, reject }));
    return { promise, ...ends };
  }

  static race(values) {
    return new Promise((resolve, reject) => {
      for (const value of values) Promise.resolve(value).then(resolve, reject);
    });
  }

  static all(values) {
    return gather(values, (value, keep, _, reject) => value.then(keep, reject));
  }

  static allSettled(values) {
    return gather(values, (promise, keep) =>
      promise.then(
        (value) => keep({ status: 'fulfilled', value }),
        (reason) => keep({ status: 'rejected', reason }),
      ),
    );
  }

  static any(values) {
    const none = (errors) => Promise.reject(new AggregateError(errors, 'all promises were rejected'));
    return gather(values, (value, keep, resolve) => value.then((first) => resolve(first), keep), none);
  }
}

/** Resolves with what `each` keeps of every value, in their order, passed through `done`. */
function gather(values, each, done = (kept) => kept) {
  return new Promise((resolve, reject) => {
    const kept = [];
    let missing = 1;
    const arrived = () => --missing === 0 && resolve(done(kept));
    [...values].forEach((value, at) => {
      missing++;
      const keep = (result) => {
        kept[at] = result;
        arrived();
      };
      each(Promise.resolve(value), keep, resolve, reject);
    });
    arrived();
  });
}

export function install() {
  globalThis.Promise = Promise;
}
