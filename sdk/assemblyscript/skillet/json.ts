// JSON values: what a skill is given and gives back.
import { Builder } from "./builder";

enum Kind {
  Null,
  Bool,
  Number,
  Text,
  List,
  Object,
}

export class Json {
  private flag: bool = false;
  /** A text, or the digits of a number: integers beyond 2^53 keep theirs. */
  private source: string = "";
  private names: string[] = [];
  private values: Json[] = [];

  private constructor(private kind: Kind) {}

  static null(): Json {
    return new Json(Kind.Null);
  }

  static bool(value: bool): Json {
    const json = new Json(Kind.Bool);
    json.flag = value;
    return json;
  }

  static integer(value: i64): Json {
    return Json.digits(value.toString());
  }

  static number(value: f64): Json {
    return isFinite(value) ? Json.digits(value.toString()) : Json.null();
  }

  /** A number from its digits. */
  static digits(source: string): Json {
    const json = new Json(Kind.Number);
    json.source = source;
    return json;
  }

  static text(value: string): Json {
    const json = new Json(Kind.Text);
    json.source = value;
    return json;
  }

  static textOrNull(value: string | null): Json {
    return value == null ? Json.null() : Json.text(value);
  }

  static list(values: Json[] = []): Json {
    const json = new Json(Kind.List);
    json.values = values;
    return json;
  }

  static texts(values: string[]): Json {
    const json = Json.list();
    for (let i = 0; i < values.length; i++) json.push(Json.text(values[i]));
    return json;
  }

  static object(): Json {
    return new Json(Kind.Object);
  }

  get isNull(): bool {
    return this.kind == Kind.Null;
  }

  get isText(): bool {
    return this.kind == Kind.Text;
  }

  get isObject(): bool {
    return this.kind == Kind.Object;
  }

  /** True for `true`, false for all else. */
  asBool(): bool {
    return this.flag;
  }

  /** The text; empty for what is no text. */
  asText(): string {
    return this.kind == Kind.Text ? this.source : "";
  }

  /** The whole number; 0 for what is no number. */
  asInteger(): i64 {
    if (this.kind != Kind.Number) return 0;
    const whole = I64.parseInt(this.source);
    return whole.toString() == this.source ? whole : <i64>F64.parseFloat(this.source);
  }

  asNumber(): f64 {
    return this.kind == Kind.Number ? F64.parseFloat(this.source) : 0;
  }

  /** The values of a list; none for what is no list. */
  asList(): Json[] {
    return this.kind == Kind.List ? this.values : [];
  }

  /** A field of an object; null where there is none. */
  get(name: string): Json {
    const at = this.names.indexOf(name);
    return at < 0 ? Json.null() : this.values[at];
  }

  /** The names of an object's fields. */
  keys(): string[] {
    return this.names;
  }

  /** Sets a field, and returns the object. */
  set(name: string, value: Json): Json {
    const at = this.names.indexOf(name);
    if (at < 0) {
      this.names.push(name);
      this.values.push(value);
    } else {
      this.values[at] = value;
    }
    return this;
  }

  setText(name: string, value: string): Json {
    return this.set(name, Json.text(value));
  }

  setInteger(name: string, value: i64): Json {
    return this.set(name, Json.integer(value));
  }

  push(value: Json): void {
    this.values.push(value);
  }

  /** The value as JSON text. */
  toString(): string {
    const text = new Builder();
    this.write(text);
    return text.toString();
  }

  private write(into: Builder): void {
    switch (this.kind) {
      case Kind.Null:
        into.push("null");
        break;
      case Kind.Bool:
        into.push(this.flag ? "true" : "false");
        break;
      case Kind.Number:
        into.push(this.source);
        break;
      case Kind.Text:
        quote(this.source, into);
        break;
      default:
        this.writeItems(into);
    }
  }

  private writeItems(into: Builder): void {
    const isObject = this.kind == Kind.Object;
    into.push(isObject ? "{" : "[");
    for (let i = 0; i < this.values.length; i++) {
      if (i > 0) into.push(",");
      if (isObject) {
        quote(this.names[i], into);
        into.push(":");
      }
      this.values[i].write(into);
    }
    into.push(isObject ? "}" : "]");
  }
}

function quote(text: string, into: Builder): void {
  into.unit(0x22);
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x20 && unit != 0x22 && unit != 0x5c) continue;
    into.slice(text, from, i);
    into.push(unit < 16 ? "\\u000" : "\\u00");
    into.push(unit.toString(16));
    from = i + 1;
  }
  into.slice(text, from, text.length);
  into.unit(0x22);
}
