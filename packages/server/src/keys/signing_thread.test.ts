import { EventEmitter } from 'node:events'
import {
  generateKeyPair,
  importSigningKey,
  importVerificationKey,
  isJwtFault,
  parseJwt,
  receiveSigningKey,
  type SigningKey,
  signInput,
  signJwt,
  verifyJwt,
} from '@countersign/core'
import { afterEach, expect, it } from 'vitest'
import { serverLimits } from '../limits.ts'
import { silentLog } from '../observe/log.ts'
import type { SigningOrder, SigningWorker } from './running_signer.ts'
import { createSigningThread, type SigningThread } from './signing_thread.ts'

const issuer = 'https://auth.example.com'
const opened: SigningThread[] = []
afterEach(() => {
  for (const thread of opened.splice(0)) thread.close()
})

async function createKey(alg: 'ES256' | 'EdDSA', kid: string) {
  const { publicJwk, privateJwk } = await generateKeyPair(alg)
  return {
    signing: importSigningKey({ ...privateJwk, kid }),
    verifying: importVerificationKey({ ...publicJwk, kid }, { purpose: 'access_token' }),
  }
}

/** A thread that answers when it is told to, and counts how often it was started. */
function createFake() {
  const fake = {
    started: 0,
    keysHeld: 0,
    orders: [] as SigningOrder[],
    worker: undefined as (EventEmitter & SigningWorker) | undefined,
  }
  const keys = new Map<number, SigningKey>()
  const start = (): SigningWorker => {
    fake.started++
    fake.worker = Object.assign(new EventEmitter(), {
      postMessage: (order: SigningOrder) => void fake.orders.push(order),
      unref() {},
      terminate() {},
    }) as unknown as EventEmitter & SigningWorker
    return fake.worker
  }
  const answer = (): void => {
    for (const { key, keyNumber, forgets, inputs } of fake.orders.splice(0)) {
      if (forgets === true) keys.clear()
      if (key !== undefined) keys.set(keyNumber, receiveSigningKey(key))
      fake.keysHeld = keys.size
      const signatures = inputs.map((input) => signInput(keys.get(keyNumber) as SigningKey, input))
      fake.worker?.emit('message', signatures)
    }
  }
  return { fake, start, answer }
}

function create(start?: () => SigningWorker) {
  const clock = { ms: 0 }
  const warnings: string[] = []
  const log = { ...silentLog, warn: (_: object, message: string) => void warnings.push(message) }
  const thread = createSigningThread({ log, nowMs: () => clock.ms, ...(start === undefined ? {} : { start }) })
  opened.push(thread)
  return { thread, clock, warnings }
}

function signMany(thread: SigningThread, key: SigningKey, count: number): Promise<string>[] {
  return Array.from({ length: count }, async (_, index) =>
    signJwt({ typ: 'at+jwt', claims: { iss: issuer, jti: `t${index}` }, key, sign: thread.sign }),
  )
}

async function expectSigned(tokens: readonly Promise<string>[], key: Awaited<ReturnType<typeof createKey>>) {
  for (const [index, text] of (await Promise.all(tokens)).entries()) {
    const jwt = parseJwt(text)
    if (isJwtFault(jwt)) throw new Error(jwt.detail)
    expect(jwt.claims.jti).toBe(`t${index}`)
    const verified = await verifyJwt(jwt, key.verifying, { typ: ['at+jwt'], issuer, purpose: 'access_token' })
    expect(isJwtFault(verified)).toBe(false)
  }
}

/** Until what was gathered in this turn has been given out. */
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

it('the signatures of one turn are made in a thread, each for its own text and key', async () => {
  const { thread, warnings } = create()
  const keys = await Promise.all([createKey('ES256', 'a'), createKey('EdDSA', 'b')])
  for (let round = 0; round < 3; round++) {
    const tokens = keys.map((key) => signMany(thread, key.signing, 40))
    for (const [index, key] of keys.entries()) await expectSigned(tokens[index] ?? [], key)
  }
  expect(warnings).toEqual([])
})

it('few are made where they are asked for, and many elsewhere', async () => {
  const { fake, start, answer } = createFake()
  const { thread } = create(start)
  const key = await createKey('ES256', 'a')
  await expectSigned(signMany(thread, key.signing, serverLimits.signTogetherMin - 1), key)
  expect(fake.started).toBe(0)
  const many = signMany(thread, key.signing, serverLimits.signTogetherMin)
  await nextTurn()
  expect(fake).toMatchObject({ started: 1, orders: [{ keyNumber: 0, key: { kid: 'a', alg: 'ES256' } }] })
  answer()
  await expectSigned(many, key)
  const more = signMany(thread, key.signing, serverLimits.signTogetherMin)
  await nextTurn()
  // It has the key by now.
  expect(fake.orders).toMatchObject([{ keyNumber: 0 }])
  expect(fake.orders[0]).not.toHaveProperty('key')
  answer()
  await expectSigned(more, key)
})

it.each(['error', 'exit'])(
  'no signature is lost when the thread ends by itself (%s), and it rests for a while',
  async (event) => {
    const { fake, start, answer } = createFake()
    const { thread, clock, warnings } = create(start)
    const key = await createKey('ES256', 'a')
    const lost = [signMany(thread, key.signing, 10), signMany(thread, key.signing, 10)]
    await nextTurn()
    fake.worker?.emit(event, new Error('out of memory'))
    fake.worker?.emit('exit', 1)
    for (const tokens of lost) await expectSigned(tokens, key)
    expect(warnings).toHaveLength(1)
    clock.ms = serverLimits.signThreadRestMs - 1
    await expectSigned(signMany(thread, key.signing, 10), key)
    expect(fake.started).toBe(1)
    clock.ms = serverLimits.signThreadRestMs
    fake.orders.length = 0
    const again = signMany(thread, key.signing, 10)
    await nextTurn()
    // A new one has none of the keys.
    expect(fake.started).toBe(2)
    expect(fake.orders[0]).toMatchObject({ key: { kid: 'a' } })
    answer()
    await expectSigned(again, key)
  },
)

it('where no thread can be started, tokens are signed without', async () => {
  const { thread, warnings } = create(() => {
    throw new Error('too many threads')
  })
  const key = await createKey('ES256', 'a')
  await expectSigned(signMany(thread, key.signing, 10), key)
  await expectSigned(signMany(thread, key.signing, 10), key)
  expect(warnings).toHaveLength(1)
})

it('it is given few at a time, the first of them before the turn ends, and the last one at its end', async () => {
  const { fake, start, answer } = createFake()
  const { thread } = create(start)
  const key = await createKey('ES256', 'a')
  const most = serverLimits.signOrderMax
  const sizes = () => fake.orders.map(({ inputs }) => inputs.length)
  const tokens = signMany(thread, key.signing, 2 * most + 1)
  expect(sizes()).toEqual([most, most])
  await nextTurn()
  expect(sizes()).toEqual([most, most, 1])
  answer()
  await expectSigned(tokens, key)
})

it('one alone is made here again once the thread owes nothing', async () => {
  const { fake, start, answer } = createFake()
  const { thread } = create(start)
  const key = await createKey('ES256', 'a')
  const tokens = signMany(thread, key.signing, serverLimits.signTogetherMin)
  await nextTurn()
  const beside = signMany(thread, key.signing, 1)
  await nextTurn()
  expect(fake.orders).toHaveLength(2)
  answer()
  await expectSigned(tokens, key)
  await expectSigned(beside, key)
  await expectSigned(signMany(thread, key.signing, 1), key)
  expect(fake.orders).toHaveLength(0)
})

it('a thread that is behind is given no more', async () => {
  const { fake, start, answer } = createFake()
  const { thread } = create(start)
  const key = await createKey('ES256', 'a')
  const waiting: Promise<string>[][] = []
  for (let turn = 0; turn < serverLimits.signOrdersMax; turn++) {
    waiting.push(signMany(thread, key.signing, 4))
    await nextTurn()
  }
  await expectSigned(signMany(thread, key.signing, 4), key)
  expect(fake.orders).toHaveLength(serverLimits.signOrdersMax)
  answer()
  for (const tokens of waiting) await expectSigned(tokens, key)
})

it('of more keys than it may hold it forgets all, and each text has the signature of its key', async () => {
  const { fake, start, answer } = createFake()
  const { thread } = create(start)
  const { privateJwk, publicJwk } = await generateKeyPair('ES256')
  const keys = Array.from({ length: serverLimits.signThreadKeysMax + 2 }, (_, index) => `key ${index}`).map((kid) => ({
    signing: importSigningKey({ ...privateJwk, kid }),
    verifying: importVerificationKey({ ...publicJwk, kid }, { purpose: 'access_token' }),
  }))
  for (const key of keys) {
    const tokens = signMany(thread, key.signing, serverLimits.signTogetherMin)
    await nextTurn()
    answer()
    await Promise.all(tokens)
  }
  expect(fake.keysHeld).toBe(2)
  for (const key of [keys[0], keys.at(-1), keys[0]] as (typeof keys)[number][]) {
    const tokens = signMany(thread, key.signing, serverLimits.signTogetherMin)
    await nextTurn()
    answer()
    await expectSigned(tokens, key)
  }
})

it('many keys that are new in one turn, many signatures each, are kept apart', async () => {
  const { thread, warnings } = create()
  const keys = await Promise.all(Array.from({ length: 20 }, (_, index) => createKey('ES256', `key ${index}`)))
  const tokens = keys.map((key) => signMany(thread, key.signing, 2 * serverLimits.signOrderMax + 1))
  for (const [index, key] of keys.entries()) await expectSigned(tokens[index] ?? [], key)
  expect(warnings).toEqual([])
})

it('closed, it signs what it was asked for, and goes on without a thread', async () => {
  const { fake, start } = createFake()
  const { thread, warnings } = create(start)
  const key = await createKey('ES256', 'a')
  const tokens = signMany(thread, key.signing, 10)
  await nextTurn()
  thread.close()
  await expectSigned(tokens, key)
  await expectSigned(signMany(thread, key.signing, 10), key)
  expect(fake.started).toBe(1)
  expect(warnings).toEqual([])
})

it('a signature that cannot be made fails for whoever asked, and for nobody else', async () => {
  const { fake, start, answer } = createFake()
  const { thread, warnings } = create(start)
  const key = await createKey('ES256', 'a')
  const foreign = { ...key.signing } as SigningKey
  for (const count of [1, serverLimits.signTogetherMin]) {
    const failing = Array.from({ length: count }, () => thread.sign(foreign, 'input'))
    const tokens = signMany(thread, key.signing, serverLimits.signTogetherMin)
    for (const asked of failing) await expect(asked).rejects.toThrow(TypeError)
    answer()
    await expectSigned(tokens, key)
  }
  expect(fake.started).toBe(1)
  expect(warnings).toEqual([])
})
