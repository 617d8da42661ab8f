import { readKeyParts } from '../../shared/pasted_key.ts'

/** Whether a key, a secret or a token of ours, or a JWT, stands in the text. */
export function isSecretIn(text: string): boolean {
  return text.split(/[^\w.-]+/).some((part) => readKeyParts(part) !== undefined || /^eyJ[\w-]*\.[\w-]+/.test(part))
}
