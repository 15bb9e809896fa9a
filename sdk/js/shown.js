/** Any value as a person reads it: text as it is, errors by name and message, the rest as JSON. */
export function shown(value) {
  if (typeof value === 'string') return value;
  try {
    if (value instanceof Error) return `${value.name}: ${value.message}`;
    return JSON.stringify(value) ?? String(value);
  } catch {
    return asText(value);
  }
}

/** Whoever throws a value decides what reading it does. */
function asText(value) {
  try {
    return String(value);
  } catch {
    return 'a value that cannot be shown';
  }
}
