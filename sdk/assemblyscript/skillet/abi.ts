// How values cross to the host: the component model's canonical ABI.

/** Where the host writes what does not fit one number. */
const REPLY = memory.data(64, 8);

/** The address of the reply, for the next call of the host. */
export function reply(): usize {
  return REPLY;
}

/** A result that is a refusal has another case than 0; which one, and its text, follow. */
export function refused(): bool {
  return load<u8>(REPLY) != 0;
}

export function refusal(): u8 {
  return load<u8>(REPLY, 4);
}

export function reason(): string {
  return text(REPLY + 8);
}

/** A text that is a pair of address and length in memory. */
export function text(at: usize): string {
  const length = load<u32>(at, 4);
  return length == 0 ? "" : String.UTF8.decodeUnsafe(load<u32>(at), length);
}

export function bytes(at: usize): ArrayBuffer {
  const length = load<u32>(at, 4);
  const copy = new ArrayBuffer(length);
  memory.copy(changetype<usize>(copy), load<u32>(at), length);
  return copy;
}

/** Text as the host takes it; half of a surrogate pair becomes U+FFFD. */
export function utf8(value: string): ArrayBuffer {
  return String.UTF8.encode(value, false, String.UTF8.ErrorMode.REPLACE);
}

export function address(value: ArrayBuffer): usize {
  return changetype<usize>(value);
}

/** The host reserves memory for what it gives. It is kept to the end: the instance runs one call. */
export function realloc(old: usize, oldSize: usize, align: usize, size: usize): usize {
  if (size == 0) return align;
  return old == 0 ? heap.alloc(size) : heap.realloc(old, size);
}
