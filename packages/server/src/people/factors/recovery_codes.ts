/** Recovery codes: each signs in once, instead of a second factor that is lost. Only their digests are stored. */
import { digest } from '@countersign/core'

export const recoveryCodesMade = 10

/** Without letters that look like digits (Crockford's base 32). Sixteen of them are 80 random bits, beyond any guessing. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const characters = 16
const groups = /.{4}(?=.)/g

export function newRecoveryCodes(randomBytes: (count: number) => Uint8Array): readonly string[] {
  return Array.from({ length: recoveryCodesMade }, () => {
    const text = [...randomBytes(characters)].map((byte) => alphabet[byte & 31]).join('')
    return text.replaceAll(groups, '$&-')
  })
}

/** The same code of another account has another digest. */
export async function recoveryDigest(tenant: string, accountId: string, code: string): Promise<string> {
  return digest(JSON.stringify(['recovery_code', tenant, accountId, read(code)]))
}

/** However a person typed it. */
function read(code: string): string {
  return code.normalize('NFKC').toUpperCase().replace(/[\s-]/g, '').replace(/[IL]/g, '1').replace(/O/g, '0')
}
