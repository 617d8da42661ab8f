const redacted = '[redacted]'

/**
 * A text that must not be printed: a key, a secret, a token. Every conversion to text gives `[redacted]`; only
 * `reveal()` gives the text, so that each place that reveals one can be found by that name.
 */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** The text itself. */
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
