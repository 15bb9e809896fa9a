// Why a run has no output. AssemblyScript has no exceptions to catch, so the first failure is kept
// here, and ends the run as soon as the skill returns.

export namespace Kind {
  export const INVALID_INPUT: u8 = 0;
  export const UNAVAILABLE: u8 = 1;
  export const DENIED: u8 = 2;
  export const FAILED: u8 = 3;
}

let kept: Failure | null = null;

export class Failure {
  constructor(
    public kind: u8,
    public text: string,
  ) {}

  /** Whether there is a failure. From then on the interfaces do nothing and answer with nothing. */
  static pending(): bool {
    return kept != null;
  }

  /** The failure, which is then forgotten: for a skill that goes on without what was refused. */
  static take(): Failure | null {
    const taken = kept;
    kept = null;
    return taken;
  }

  /** Keeps a failure, unless there is one. */
  static keep(kind: u8, text: string): void {
    if (kept == null) kept = new Failure(kind, text);
  }
}
