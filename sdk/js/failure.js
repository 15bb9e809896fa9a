const KINDS = ['invalid-input', 'unavailable', 'denied', 'failed'];

export class Failure extends Error {
  constructor(kind, text, code) {
    if (!KINDS.includes(kind)) throw new TypeError(`"${kind}" is none of ${KINDS.join(', ')}`);
    super(String(text));
    this.name = 'Failure';
    this.kind = kind;
    if (code !== undefined) this.code = code;
  }

  static invalidInput(text) {
    return new Failure('invalid-input', text);
  }

  static unavailable(text) {
    return new Failure('unavailable', text);
  }

  static denied(text) {
    return new Failure('denied', text);
  }

  static failed(text) {
    return new Failure('failed', text);
  }
}

/**
 * Makes `f` throw a Failure where the host answers with an error. `cases` says for each case of the interface's
 * error which kind it is and what stands before the host's own words, or is the whole text where it has none.
 */
export function lent(f, cases) {
  return (...values) => {
    try {
      return f(...values);
    } catch (thrown) {
      throw toFailure(thrown, cases);
    }
  };
}

function toFailure(thrown, cases) {
  const error = thrown?.payload ?? thrown;
  const found = cases[error?.tag];
  if (!found) return thrown;
  const [kind, text = ''] = found;
  return new Failure(kind, text + (error.val ?? ''), error.tag);
}
