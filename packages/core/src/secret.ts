const redacted = '[redacted]'

/**
 * A text that must not be printed: keys, secrets, tokens. Every way of turning it into text gives `[redacted]`; only
 * `reveal()` gives the text, so that each place that does can be found by its name.
 */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  reveal(): string {
    return this.#text
  }

  toString(): string {
    return redacted
  }

  toJSON(): string {
    return redacted
  }

  get [Symbol.toStringTag](): string {
    return redacted
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return redacted
  }
}
