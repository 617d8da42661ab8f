/**
 * The texts of refresh tokens: `<prefix>_rt_<family>_<counter, 6><secret, 17><tag, 9><checksum>`.
 *
 * Each is derived from the text before it: the code, or its predecessor. So it can be answered again and is stored nowhere.
 * The database and the master key together give nobody a refresh token. The tag tells an old token of ours from a guess. A
 * guess is easily made, since a family id stands in access tokens, and it must end nothing.
 */
import { keyChecksum, parseKey, randomBase62, timingSafeEqual } from '@countersign/core'
import { derivedBytes } from '../../keys/derived_bytes.ts'
import type { MasterKey } from '../../keys/master_key.ts'

export interface RefreshToken {
  readonly text: string
  readonly familyId: string
  /** Its place in the family, from 1. */
  readonly counter: number
}

const counterLength = 6
const secretLength = 17
const tagLength = 9
/** One more would not fit: a token every quarter of a minute, for as long as a family lives. */
export const refreshCounterMax = 10 ** counterLength - 1

export interface RefreshTokens {
  /** The first of a family, from the code that began it. */
  first(tenant: string, familyId: string, codeText: string): RefreshToken
  /** The one after it: the same each time. */
  successor(tenant: string, token: RefreshToken): RefreshToken
  /** A token that was made here, at whatever time; `undefined` for any other text. */
  read(tenant: string, text: string): RefreshToken | undefined
}

export function createRefreshTokens(master: MasterKey): RefreshTokens {
  const key = master.derive('refresh_tokens')
  const derived = (use: 'secret' | 'tag', tenant: string, text: string, length: number): string =>
    randomBase62(length, derivedBytes(key, JSON.stringify([use, tenant, text])))

  function write(tenant: string, prefix: string, familyId: string, counter: number, secret: string): RefreshToken {
    const head = `${prefix}_rt_${familyId}_${String(counter).padStart(counterLength, '0')}${secret}`
    const body = `${head}${derived('tag', tenant, head, tagLength)}`
    return { text: body + keyChecksum(body), familyId, counter }
  }

  function follow(tenant: string, familyId: string, counter: number, before: string): RefreshToken {
    const prefix = before.slice(0, before.indexOf('_'))
    return write(tenant, prefix, familyId, counter, derived('secret', tenant, before, secretLength))
  }

  return {
    first: (tenant, familyId, codeText) => follow(tenant, familyId, 1, codeText),
    successor(tenant, { text, familyId, counter }) {
      if (counter >= refreshCounterMax) throw new RangeError('the family has no further counter')
      return follow(tenant, familyId, counter + 1, text)
    },
    read(tenant, text) {
      const parsed = parseKey(text)
      if (parsed?.marker !== 'rt') return undefined
      const { prefix, id } = parsed
      const rest = text.slice(`${prefix}_rt_${id}_`.length)
      const counter = Number(/^\d+$/.exec(rest.slice(0, counterLength))?.[0] ?? 0)
      if (counter === 0) return undefined
      const known = write(tenant, prefix, id, counter, rest.slice(counterLength, counterLength + secretLength))
      return timingSafeEqual(known.text, text) ? known : undefined
    },
  }
}
