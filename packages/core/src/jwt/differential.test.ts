import { createHmac } from 'node:crypto'
import { importJWK, type JWTPayload, jwtVerify } from 'jose'
import { expect, inject, test } from 'vitest'
import { decodeBase64url, encodeBase64url } from '../encoding/base64url.ts'
import { importVerificationKey, type VerificationKey } from '../jwk/verification_key.ts'
import { jsonDepthMax, jsonMembersMax, jwtBytesMax, kidLengthMax } from './limits.ts'
import { isJwtFault, parseJwt } from './parse.ts'
import { claims, createIssuer, encodeText, expected, issuer, sign } from './token.fixture.ts'
import { verifyJwt } from './verify.ts'

// Tokens by the ten thousand, most of them damaged, judged by us and by jose. Whatever we accept, jose accepts, with the same claims.
// Each JWT that jose accepts and we refuse has one of the reasons below, and other means show that it has it.

const rounds = inject('isFull') ? 200_000 : 20_000
const secret = Buffer.alloc(32, 7)

interface Subject {
  readonly alg: string
  readonly key: VerificationKey
  readonly joseKey: Awaited<ReturnType<typeof importJWK>>
  readonly tokens: readonly string[]
}

type Accepted = { readonly token: string; readonly header: Record<string, unknown>; readonly payload: JWTPayload }

/** Where we are stricter than jose: the rule in our words, and how to see that it is broken without our code. */
const stricter: { readonly [detail: string]: (accepted: Accepted) => boolean } = {
  [`a JWS must have at most ${jwtBytesMax} bytes`]: ({ token }) => token.length > 16_384,
  'a JOSE header must have at most 4096 bytes': ({ token }) => token.indexOf('.') > 4_096,
  'the parts of a JWS must be canonical base64url': ({ token }) =>
    token.split('.').some((part) => Buffer.from(part, 'base64url').toString('base64url') !== part),
  'a JOSE header must be one JSON object with unique names': ({ token }) => isAmbiguous(token, 0),
  'claims must be one JSON object with unique names': ({ token }) => isAmbiguous(token, 1),
  // The one extension that jose understands: crit names b64, and b64 is true.
  '"crit" of a JOSE header names an extension we do not understand': ({ header }) =>
    'crit' in header && header.b64 === true,
  '"b64" of a JOSE header must not be used': ({ header }) => 'b64' in header,
  [`"kid" of a JOSE header must be a well-formed string of at most ${kidLengthMax} characters`]: ({ header }) =>
    !isName(header.kid) || header.kid.length > 256,
  '"kid" of the header must name the key': ({ header }) => header.kid !== 'k1',
  '"sub" must be a well-formed string': ({ payload }) => !isName(payload.sub),
  '"jti" must be a well-formed string': ({ payload }) => !isName(payload.jti),
  '"client_id" must be a well-formed string': ({ payload }) => !isName(payload.client_id),
  '"scope" must be a string': ({ payload }) => typeof payload.scope !== 'string',
  '"aud" must be a string or an array of strings': ({ payload }) =>
    ![payload.aud].flat().every((member) => typeof member === 'string'),
  '"exp" must be a number of seconds, up to the year 9999': ({ payload }) => !isTime(payload.exp),
  '"iat" must be a number of seconds, up to the year 9999': ({ payload }) => !isTime(payload.iat),
  '"nbf" must be a number of seconds, up to the year 9999': ({ payload }) => !isTime(payload.nbf),
}

test('nothing is accepted that jose refuses, and nothing refused without a named reason', {
  timeout: 120_000,
}, async () => {
  const random = createRandom(20_260_726)
  const subjects = await createSubjects()
  const secretSubject = subjects.at(-1) as Subject
  const counts = { accepted: 0, refused: 0, stricter: new Map<string, number>() }
  const disagreements: string[] = []

  for (let round = 0; round < rounds; round += 500) {
    await Promise.all(
      Array.from({ length: 500 }, async () => {
        const isResigned = random(2) === 0
        const subject = isResigned ? secretSubject : pick(random, subjects)
        const token = isResigned ? resign(random) : damage(random, subject.tokens)
        const ours = judgeHere(token, subject)
        const theirs = await judgeThere(token, subject)
        if (ours.isAccepted !== (theirs !== undefined)) {
          if (theirs !== undefined && stricter[ours.detail]?.(theirs)) count(counts.stricter, ours.detail)
          else disagreements.push(`${ours.detail} | ${token}`)
        } else if (theirs === undefined) counts.refused++
        else if (JSON.stringify(theirs.payload) === ours.claims) counts.accepted++
        else disagreements.push(`other claims | ${token}`)
      }),
    )
  }

  expect(disagreements.slice(0, 5)).toEqual([])
  // Without these the test could have compared nothing.
  expect(counts.accepted).toBeGreaterThan(rounds / 10)
  expect(counts.refused).toBeGreaterThan(rounds / 10)
  expect([...counts.stricter.keys()].sort()).toEqual(Object.keys(stricter).sort())
})

async function createSubjects(): Promise<readonly Subject[]> {
  const asymmetric = (['ES256', 'EdDSA', 'RS256'] as const).map(async (alg) => {
    const { pair, key, signingKey } = await createIssuer(alg)
    const variants = [
      {},
      { aud: ['a', 'b'] },
      { cnf: { jkt: 'x' } },
      { sub: 'größer' },
      { jti: 'tok_22' },
      { scope: '' },
    ]
    const tokens = await Promise.all(variants.map((changes) => sign({ pair, key, signingKey }, changes)))
    return { alg, key, joseKey: await importJWK(pair.publicJwk as never, alg), tokens }
  })
  const jwk = { kty: 'oct', alg: 'HS256', kid: 'k1', k: secret.toString('base64url') }
  const key = importVerificationKey(jwk, { purpose: 'access_token', allowSymmetric: true })
  const tokens = [{}, { jti: 'tok_3' }, { aud: [] }].map((changes) =>
    hmac(headerText, JSON.stringify({ ...claims, ...changes })),
  )
  return [...(await Promise.all(asymmetric)), { alg: 'HS256', key, joseKey: await importJWK(jwk, 'HS256'), tokens }]
}

function judgeHere(token: string, { key }: Subject): { isAccepted: boolean; detail: string; claims: string } {
  const jwt = parseJwt(token)
  if (isJwtFault(jwt)) return { isAccepted: false, detail: jwt.detail, claims: '' }
  const outcome = verifyJwt(jwt, key, expected)
  if (outcome instanceof Promise) throw new Error('Node answers at once')
  if (isJwtFault(outcome)) return { isAccepted: false, detail: outcome.detail, claims: '' }
  return { isAccepted: true, detail: '', claims: JSON.stringify(outcome.claims) }
}

async function judgeThere(token: string, { alg, joseKey }: Subject): Promise<Accepted | undefined> {
  try {
    const currentDate = new Date(claims.iat * 1000)
    const { payload, protectedHeader } = await jwtVerify(token, joseKey, {
      algorithms: [alg],
      issuer,
      typ: 'at+jwt',
      currentDate,
    })
    return { token, header: protectedHeader as unknown as Record<string, unknown>, payload }
  } catch (error) {
    return isJudgedLater(error) ? readAccepted(token) : undefined
  }
}

/** jose looks at the time after the signature, the types and the rest; here the decision does. */
function isJudgedLater(error: unknown): boolean {
  const { code, reason } = error as { code?: string; reason?: string }
  return reason === 'check_failed' && (code === 'ERR_JWT_EXPIRED' || (error as { claim?: string }).claim === 'nbf')
}

function readAccepted(token: string): Accepted {
  const read = (part: string) => JSON.parse(new TextDecoder().decode(Buffer.from(part, 'base64url')))
  const [header, payload] = token.split('.').slice(0, 2).map(read)
  return { token, header, payload }
}

type Random = (below: number) => number

/** Damage to the text of a token whose signature was good. */
function damage(random: Random, tokens: readonly string[]): string {
  const token = pick(random, tokens)
  const parts = token.split('.') as [string, string, string]
  const at = random(token.length)
  const which = random(3)
  const part = parts[which] ?? ''
  const replaced = (text: string) => parts.map((other, index) => (index === which ? text : other)).join('.')
  const other = pick(random, tokens).split('.') as [string, string, string]
  switch (random(18)) {
    case 0:
    case 1:
      return token
    case 2: {
      const bit = 1 << random(7)
      return token.slice(0, at) + String.fromCharCode(token.charCodeAt(at) ^ bit) + token.slice(at + 1)
    }
    case 3:
      return token.slice(0, at) + pick(random, strangers) + token.slice(at + random(2))
    case 4:
      return token.slice(0, at) + token.slice(at + 1 + random(3))
    case 5:
      return replaced(other[which] ?? '')
    case 6:
      return [parts[random(3)], parts[random(3)], parts[random(3)]].join('.')
    case 7:
      return replaced(respell(part))
    case 8:
      return replaced(part + '='.repeat(random(4)))
    case 9:
      return twin(parts)
    case 10:
      return replaced(part.replaceAll('-', '+').replaceAll('_', '/'))
    case 11:
      return pick(random, [
        `${token}.`,
        `.${token}`,
        `${token}.${part}`,
        parts.slice(0, 2).join('.'),
        `${parts[0]}.${parts[1]}.`,
      ])
    case 12:
      return replaced(pick(random, ['', part + part, encodeText(part), `${part}A`, ' '.repeat(random(3)) + part]))
    case 13: {
      const bytes = Buffer.from(part, 'base64url')
      bytes[random(bytes.length)]! ^= 1 << random(8)
      return replaced(bytes.toString('base64url'))
    }
    case 14:
      return replaced(encodeText(spaceOut(Buffer.from(part, 'base64url').toString())))
    case 15:
      return token.slice(0, at)
    case 16:
      return pick(random, [
        `${token}\n`,
        ` ${token}`,
        `${token}\0`,
        `${token} `,
        `"${token}"`,
        token.toUpperCase(),
        `${token},${token}`,
      ])
    default:
      return replaced(
        part.slice(0, at % part.length) + pick(random, [' ', '\n', '\t', '\r']) + part.slice(at % part.length),
      )
  }
}

/** A token with a good signature over a header and claims that somebody wrote in their own way. */
function resign(random: Random): string {
  const damaged = random(3)
  const header = damaged === 0 ? changeMembers(random, headerText, headerMembers) : headerText
  const payload = damaged === 0 ? JSON.stringify(claims) : changeMembers(random, JSON.stringify(claims), claimMembers)
  const bytes = Buffer.from(payload)
  if (random(40) === 0) bytes[random(bytes.length)] = 128 + random(128)
  return hmac(header, random(60) === 0 ? Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes]) : bytes)
}

/** Change some members of the text of an object: other values, other spellings, the same name again. */
function changeMembers(random: Random, text: string, members: { readonly [name: string]: readonly string[] }): string {
  let changed = text
  for (let change = random(3); change >= 0; change--) {
    const name = pick(random, Object.keys(members))
    const spelled = random(8) === 0 ? `\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}` : name
    const member = `"${spelled}":${pick(random, members[name] as readonly string[])}`
    const without = changed.replace(new RegExp(`"${name}":("[^"]*"|\\d+),?`), '').replace(/,\}$/, '}')
    const base = random(10) === 0 ? changed : without
    changed =
      base === '{}'
        ? `{${member}}`
        : random(2) === 0
          ? `{${member},${base.slice(1)}`
          : `${base.slice(0, -1)},${member}}`
  }
  if (random(6) === 0) changed = spaceOut(changed)
  if (random(30) === 0)
    changed = pick(random, [
      `[${changed}]`,
      `${changed}x`,
      ` ${changed} `,
      changed.slice(1),
      `${changed}${changed}`,
      'null',
    ])
  return changed
}

const strangers = [
  ' ',
  '\n',
  '=',
  '.',
  '..',
  '+',
  '/',
  '?',
  '\0',
  'é',
  '\u0141',
  '-',
  '_',
  'A',
  '\u{1f600}',
  '\ud800',
  '{',
]
const values = [
  '"x"',
  '""',
  '"\\u0000"',
  '"\\ud800"',
  '"\\ud83d\\ude00"',
  '1',
  '-1',
  '0',
  '1.5',
  '1e3',
  'null',
  'true',
  '[]',
  '["x"]',
  '{}',
]
const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`
const wide = (count: number) => `{${Array.from({ length: count }, (_, index) => `"m${index}":0`).join(',')}}`
const times = [
  '1790003600',
  '0',
  '1',
  '9007199254740992',
  '9007199254740994',
  '1e308',
  '1e999',
  '-0',
  '1790003600.5',
  '"1790003600"',
  '1.79e9',
]
const extras = [
  deep(2),
  deep(jsonDepthMax - 1),
  deep(jsonDepthMax),
  deep(90),
  wide(5),
  wide(jsonMembersMax - 40),
  wide(jsonMembersMax + 1),
  '{"a":1,"a":1}',
  '{"a":[{"b":1,"\\u0062":2}]}',
  '{"__proto__":1}',
  `"${'a'.repeat(500)}"`,
  `"${'a'.repeat(13_000)}"`,
  '1e999',
  '-1e400',
  '123456789012345678901234567890',
  '"\\"a\\":1,"',
  '"\\\\"',
]

const headerText = JSON.stringify({ alg: 'HS256', typ: 'at+jwt', kid: 'k1' })

const headerMembers = {
  alg: ['"HS256"', '"HS256"', '"hs256"', '"none"', '"ES256"', '"HS512"', 'null'],
  typ: [
    '"at+jwt"',
    '"AT+JWT"',
    '"application/at+jwt"',
    '"Application/At+Jwt"',
    '"JWT"',
    '"application/x/at+jwt"',
    '"at+jwt "',
    ...values,
  ],
  kid: ['"k1"', '"k2"', `"${'k'.repeat(kidLengthMax + 1)}"`, ...values],
  crit: ['["exp"]', '[]', '["b64"]', '["alg"]', '"x"', 'null'],
  b64: ['true', 'false', 'null'],
  jwk: ['{"kty":"oct","k":"AAAA"}', '{}', 'null'],
  x5c: ['["AAAA"]'],
  jku: ['"https://attacker.example"'],
  __proto__x: values,
  extra: [...extras, `"${'a'.repeat(4_000)}"`],
}

const claimMembers = {
  iss: [`"${issuer}"`, `"${issuer}/"`, `"${issuer.replace('h', '\\u0068')}"`, `["${issuer}"]`, ...values],
  sub: values,
  jti: values,
  client_id: values,
  scope: values,
  aud: ['["a","b"]', '["a",1]', '[null]', '["\\ud800"]', ...values],
  exp: [...times, ...values],
  iat: [...times, ...values],
  nbf: [...times, ...values],
  constructor: values,
  extra: [...extras, ...values],
}

function hmac(header: string, payload: string | Uint8Array): string {
  const input = `${encodeText(header)}.${Buffer.from(payload as string).toString('base64url')}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

/** Sets a spare bit of the last base64url character, where it has one. */
function respell(part: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return part.slice(0, -1) + (alphabet[alphabet.indexOf(part.at(-1) ?? '') | 1] ?? '')
}

/** `s` replaced by `n - s`, which is as good a signature of ES256. */
function twin([header, payload, signature]: readonly [string, string, string]): string {
  const bytes = decodeBase64url(signature)
  if (bytes?.length !== 64) return `${header}.${payload}.${signature}`
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const s = BigInt(`0x${Buffer.from(bytes.subarray(32)).toString('hex')}`)
  const other = (s < order ? order - s : s).toString(16).padStart(64, '0')
  return `${header}.${payload}.${encodeBase64url(Buffer.concat([bytes.subarray(0, 32), Buffer.from(other, 'hex')]))}`
}

function spaceOut(text: string): string {
  return text.replaceAll(',"', ' ,\n\t"').replace('{', '{ ')
}

/** A part that two parsers could read differently, or that is beyond our limits, seen without our parser. */
function isAmbiguous(token: string, index: number): boolean {
  const bytes = Buffer.from(token.split('.')[index] ?? '', 'base64url')
  const text = bytes.toString()
  if (!Buffer.from(text).equals(bytes) || text.startsWith('\ufeff')) return true
  const { members, depth, areFinite } = measure(JSON.parse(text))
  const names = text.replace(/"(?:[^"\\]|\\.)*"/g, '').split(':').length - 1
  return names > members || depth > 16 || members > 256 || !areFinite
}

function measure(value: unknown): { members: number; depth: number; areFinite: boolean } {
  if (typeof value !== 'object' || value === null) {
    return { members: 0, depth: 0, areFinite: typeof value !== 'number' || Number.isFinite(value) }
  }
  const inner = Object.values(value).map(measure)
  return {
    members: inner.reduce((sum, { members }) => sum + members, Array.isArray(value) ? 0 : inner.length),
    depth: 1 + Math.max(0, ...inner.map(({ depth }) => depth)),
    areFinite: inner.every((member) => member.areFinite),
  }
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && !/\0|\p{Cs}/u.test(value)
}

function isTime(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= 253_402_300_799 && Math.floor(value) === value
}

function pick<T>(random: Random, from: readonly T[]): T {
  return from[random(from.length)] as T
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

/** mulberry32: small, and the same on every machine. */
function createRandom(seed: number): Random {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}
