/** Puts a long text together without a string for each piece. */
export class Builder {
  private buffer: ArrayBuffer = new ArrayBuffer(256);
  /** In bytes, two for each UTF-16 unit. */
  private length: i32 = 0;

  unit(unit: i32): void {
    this.reserve(2);
    store<u16>(changetype<usize>(this.buffer) + this.length, <u16>unit);
    this.length += 2;
  }

  push(text: string): void {
    this.slice(text, 0, text.length);
  }

  /** The units of a text from one place to before another. */
  slice(text: string, from: i32, to: i32): void {
    const size = (to - from) << 1;
    this.reserve(size);
    memory.copy(changetype<usize>(this.buffer) + this.length, changetype<usize>(text) + (from << 1), size);
    this.length += size;
  }

  toString(): string {
    return String.UTF16.decodeUnsafe(changetype<usize>(this.buffer), this.length);
  }

  private reserve(size: i32): void {
    const wanted = this.length + size;
    if (wanted <= this.buffer.byteLength) return;
    const larger = new ArrayBuffer(max(wanted, this.buffer.byteLength * 2));
    memory.copy(changetype<usize>(larger), changetype<usize>(this.buffer), this.length);
    this.buffer = larger;
  }
}
