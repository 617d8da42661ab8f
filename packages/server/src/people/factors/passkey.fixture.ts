/** An authenticator of a test: it makes passkeys and answers challenges, and lies where it is told to. */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { hiddenFields } from '../../sign_in.fixture.ts'
import type { Reply } from '../../wire.fixture.ts'

export interface Lie {
  readonly origin?: string
  readonly challenge?: string
  readonly rpId?: string
  readonly type?: string
  /** Flags of the authenticator data: 1 present, 4 verified, 8 may be synced, 16 is synced. */
  readonly flags?: number
  readonly counter?: number
  readonly userHandle?: string
  readonly id?: string
  readonly crossOrigin?: boolean
  readonly alg?: number
  /** Attestation of this format, with a sound certificate of its own. */
  readonly format?: string
  readonly spoilt?: 'signature' | 'authenticatorData'
}

export interface Authenticator {
  readonly id: string
  readonly userHandle: string
  create(page: Reply, path: string, lie?: Lie): Readonly<Record<string, string>>
  get(page: Reply, path: string, lie?: Lie): Readonly<Record<string, string>>
}

const origin = 'http://localhost:4800'

/** The fields of the hidden form, with the answer in them. */
export function createAuthenticator(): Authenticator {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const id = randomBytes(16).toString('base64url')
  let userHandle = ''
  let counter = 0
  return {
    id,
    get userHandle() {
      return userHandle
    },
    create(page, path, lie = {}) {
      const { fields, options } = passkeyForm(page, path)
      userHandle = options.user.id
      const key = coseKey(publicKey, lie.alg ?? -7)
      const idBytes = Buffer.from(lie.id ?? id, 'base64url')
      const attested = Buffer.concat([Buffer.alloc(16), Buffer.from([0, idBytes.length]), idBytes, key])
      const authData = Buffer.concat([authenticatorData(options.rp.id, (lie.flags ?? 29) | 64, 0, lie), attested])
      const client = clientData('webauthn.create', options.challenge, lie)
      const statement = statementOf(lie.format, Buffer.concat([authData, createHash('sha256').update(client).digest()]))
      const attestation = new Map<string, unknown>([
        ['fmt', lie.format ?? 'none'],
        ['attStmt', statement],
        ['authData', authData],
      ])
      const response = {
        clientDataJSON: client.toString('base64url'),
        attestationObject: cbor(attestation).toString('base64url'),
        transports: ['internal', 'nonsense'],
      }
      return { ...fields, passkey: credential(lie.id ?? id, response) }
    },
    get(page, path, lie = {}) {
      const { fields, options } = passkeyForm(page, path)
      counter = lie.counter ?? counter + 1
      const authData = authenticatorData(options.rpId, lie.flags ?? 29, counter, lie)
      const client = clientData('webauthn.get', options.challenge, lie)
      const signature = signed(privateKey, Buffer.concat([authData, createHash('sha256').update(client).digest()]))
      if (lie.spoilt === 'signature') signature[20] = (signature[20] as number) ^ 1
      if (lie.spoilt === 'authenticatorData') authData[33] = (authData[33] as number) ^ 1
      const response = {
        clientDataJSON: client.toString('base64url'),
        authenticatorData: authData.toString('base64url'),
        signature: signature.toString('base64url'),
        userHandle: lie.userHandle ?? userHandle,
      }
      return { ...fields, passkey: credential(lie.id ?? id, response) }
    },
  }
}

/** As an authenticator signs it that has a certificate (WebAuthn §8.2). */
function statementOf(format: string | undefined, signedBytes: Buffer): ReadonlyMap<string, unknown> {
  if (format === undefined) return new Map()
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const certificate = certificateOf(publicKey, privateKey)
  return new Map<string, unknown>([
    ['alg', -7],
    ['sig', signed(privateKey, signedBytes)],
    ['x5c', [certificate]],
  ])
}

/** RFC 5280, for an authenticator (WebAuthn §8.2.1). */
function certificateOf(publicKey: KeyObject, privateKey: KeyObject): Buffer {
  const attribute = (type: number, tag: number, text: string) =>
    der(0x31, der(0x30, oid(`5504${type.toString(16).padStart(2, '0')}`), der(tag, Buffer.from(text))))
  const unit = attribute(11, 0x0c, 'Authenticator Attestation')
  const name = der(0x30, attribute(6, 0x13, 'US'), attribute(10, 0x0c, 'Evil'), unit, attribute(3, 0x0c, 'Evil'))
  const algorithm = der(0x30, oid('2a8648ce3d040302'))
  const time = (text: string) => der(0x17, Buffer.from(text))
  const noAuthority = der(0x30, oid('551d13'), der(0x04, der(0x30)))
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    algorithm,
    name,
    der(0x30, time('200101000000Z'), time('490101000000Z')),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(0x30, noAuthority)),
  )
  return der(0x30, body, algorithm, der(0x03, Buffer.from([0]), signed(privateKey, body)))
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

function credential(id: string, response: object): string {
  return JSON.stringify({ id, rawId: id, type: 'public-key', response, clientExtensionResults: {} })
}

function signed(key: KeyObject, bytes: Buffer): Buffer {
  return sign('sha256', bytes, key)
}

function clientData(type: string, challenge: string, lie: Lie): Buffer {
  const { crossOrigin = false } = lie
  const said = {
    type: lie.type ?? type,
    challenge: lie.challenge ?? challenge,
    origin: lie.origin ?? origin,
    crossOrigin,
  }
  return Buffer.from(JSON.stringify(said))
}

function authenticatorData(rpId: string, flags: number, counter: number, lie: Lie): Buffer {
  const count = Buffer.alloc(4)
  count.writeUInt32BE(counter)
  const hash = createHash('sha256')
    .update(lie.rpId ?? rpId)
    .digest()
  return Buffer.concat([hash, Buffer.from([flags]), count])
}

function coseKey(publicKey: KeyObject, alg: number): Buffer {
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  const members = [
    [1, 2],
    [3, alg],
    [-1, 1],
    [-2, Buffer.from(x, 'base64url')],
    [-3, Buffer.from(y, 'base64url')],
  ] as const
  return cbor(new Map<number, unknown>(members))
}

/** As much of RFC 8949 as this needs. */
function cbor(value: unknown): Buffer {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value)
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value])
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(cbor)])
  const map = value as ReadonlyMap<unknown, unknown>
  return Buffer.concat([head(5, map.size), ...[...map].flatMap(([key, each]) => [cbor(key), cbor(each)])])
}

function head(major: number, size: number): Buffer {
  if (size < 24) return Buffer.from([(major << 5) | size])
  if (size < 256) return Buffer.from([(major << 5) | 24, size])
  return Buffer.from([(major << 5) | 25, size >> 8, size & 255])
}

interface PasskeyForm {
  readonly fields: Readonly<Record<string, string>>
  readonly options: {
    readonly challenge: string
    readonly rpId: string
    readonly rp: { readonly id: string }
    readonly user: { readonly id: string }
    readonly allowCredentials: readonly { readonly id: string }[]
    readonly userVerification: string
  }
}

/** The form of the page that a passkey fills. */
export function passkeyForm(page: Reply, path: string): PasskeyForm {
  const forms = page.text.split('<form ').slice(1)
  const form = forms.find((each) => each.includes('data-passkey') && each.includes(`${path}"`))?.split('</form>')[0]
  if (form === undefined) throw new Error(`no form for a passkey sends to ${path}: ${page.text}`)
  const options = /data-options="([^"]*)"/.exec(form)?.[1]?.replaceAll('&quot;', '"') ?? ''
  return { fields: hiddenFields(form), options: JSON.parse(options) }
}
