import { Builder } from "./builder";
import { Json } from "./json";

/** Deeper values are refused, so that none can use up the stack. */
const MAX_DEPTH = 200;

/** Reads JSON text. Null when it is none. */
export function parse(text: string): Json | null {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.skip();
  return reader.wrong || reader.at < text.length ? null : value;
}

class Reader {
  at: i32 = 0;
  wrong: bool = false;

  constructor(private text: string) {}

  value(depth: i32): Json {
    this.skip();
    if (depth > MAX_DEPTH) return this.refuse();
    switch (this.peek()) {
      case 0x7b:
        return this.object(depth);
      case 0x5b:
        return this.list(depth);
      case 0x22:
        return Json.text(this.string());
      case 0x74:
        return this.word("true", Json.bool(true));
      case 0x66:
        return this.word("false", Json.bool(false));
      case 0x6e:
        return this.word("null", Json.null());
      default:
        return this.number();
    }
  }

  skip(): void {
    while (this.at < this.text.length) {
      const unit = this.text.charCodeAt(this.at);
      if (unit != 0x20 && unit != 0x0a && unit != 0x0d && unit != 0x09) return;
      this.at++;
    }
  }

  private peek(): i32 {
    return this.at < this.text.length ? this.text.charCodeAt(this.at) : -1;
  }

  private refuse(): Json {
    this.wrong = true;
    this.at = this.text.length;
    return Json.null();
  }

  /** Takes a character; without it the text is wrong. */
  private take(unit: i32): void {
    this.skip();
    if (this.peek() == unit) this.at++;
    else this.refuse();
  }

  /** Whether a list or object goes on, and takes its comma or its end. */
  private more(end: i32, isFirst: bool): bool {
    this.skip();
    if (this.wrong) return false;
    if (this.peek() == end) {
      this.at++;
      return false;
    }
    if (!isFirst) this.take(0x2c);
    return !this.wrong;
  }

  private object(depth: i32): Json {
    const object = Json.object();
    this.at++;
    for (let first = true; this.more(0x7d, first); first = false) {
      this.skip();
      if (this.peek() != 0x22) return this.refuse();
      const name = this.string();
      this.take(0x3a);
      object.set(name, this.value(depth + 1));
    }
    return object;
  }

  private list(depth: i32): Json {
    const list = Json.list();
    this.at++;
    for (let first = true; this.more(0x5d, first); first = false) list.push(this.value(depth + 1));
    return list;
  }

  private word(word: string, value: Json): Json {
    if (!this.text.startsWith(word, this.at)) return this.refuse();
    this.at += word.length;
    return value;
  }

  private number(): Json {
    const from = this.at;
    let digits = 0;
    for (let unit = this.peek(); ; unit = this.peek()) {
      const isDigit = unit >= 0x30 && unit <= 0x39;
      // + - . E e
      if (!isDigit && unit != 0x2b && unit != 0x2d && unit != 0x2e && unit != 0x45 && unit != 0x65) break;
      if (isDigit) digits++;
      this.at++;
    }
    return digits == 0 ? this.refuse() : Json.digits(this.text.substring(from, this.at));
  }

  private string(): string {
    const text = new Builder();
    let from = ++this.at;
    while (true) {
      const unit = this.peek();
      if (unit < 0x20) {
        this.refuse();
        return "";
      }
      if (unit != 0x22 && unit != 0x5c) {
        this.at++;
        continue;
      }
      text.slice(this.text, from, this.at++);
      if (unit == 0x22) return text.toString();
      text.unit(this.escape());
      from = this.at;
    }
  }

  private escape(): i32 {
    const unit = this.peek();
    this.at++;
    switch (unit) {
      case 0x62:
        return 0x08;
      case 0x66:
        return 0x0c;
      case 0x6e:
        return 0x0a;
      case 0x72:
        return 0x0d;
      case 0x74:
        return 0x09;
      case 0x22:
      case 0x5c:
      case 0x2f:
        return unit;
      case 0x75: {
        const code = parseInt(this.text.substring(this.at, this.at + 4), 16);
        this.at += 4;
        if (!isNaN(code)) return <i32>code;
      }
    }
    this.refuse();
    return 0;
  }
}
