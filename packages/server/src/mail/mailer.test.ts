import { describe, expect, it } from 'vitest'
import { serverLimits } from '../limits.ts'
import { createMailer, type Mail, MailError, type MailTransport } from './mailer.ts'

const ann = { tenant: 'default', address: '192.0.2.7' }
const mail = (to = 'ann@example.com'): Mail => ({ to, subject: 'Your code', text: 'secret-12345678' })

/** A mailer over a way out that fails as the test says; pauses take no time. */
function open(way: Partial<MailTransport> = {}, wait?: (ms: number, signal: AbortSignal) => Promise<unknown>) {
  const sent: Mail[] = []
  const logged: unknown[] = []
  const pauses: number[] = []
  const clock = { now: 1_000 }
  const log = { info() {}, warn: (...line: unknown[]) => void logged.push(line), error() {} }
  const transport = { probe: async () => {}, send: async (each: Mail) => void sent.push(each), close() {}, ...way }
  const mailer = createMailer({
    transport,
    log,
    now: () => clock.now,
    wait: wait ?? (async (ms) => void pauses.push(ms)),
  })
  return { mailer, sent, logged, pauses, clock }
}

describe('the mailer', () => {
  it('without a way out is off, and is never ready', async () => {
    const mailer = createMailer({ log: { info() {}, warn() {}, error() {} }, now: () => 0 })
    expect([mailer.isOn, await mailer.take(ann)]).toEqual([false, undefined])
    mailer.post(mail(), ann)
    await mailer.close()
  })

  it('sends nothing before the turn of whoever posts is over', async () => {
    const { mailer, sent } = open()
    mailer.post(mail(), ann)
    await Promise.resolve()
    expect(sent).toEqual([])
    await new Promise(setImmediate)
    expect(sent).toEqual([mail()])
  })

  it('tries again twice what was not taken, after pauses, and never what was refused for good', async () => {
    let calls = 0
    const late = open({
      async send() {
        if (++calls < 3) throw new MailError('away')
      },
    })
    late.mailer.post(mail(), ann)
    for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate)
    expect([calls, late.pauses]).toEqual([3, serverLimits.mailPausesMs])
    let refusals = 0
    const never = open({
      async send() {
        refusals++
        throw new MailError('no', { isFinal: true })
      },
    })
    never.mailer.post(mail(), ann)
    for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate)
    expect(refusals).toBe(1)
    expect(JSON.stringify(never.logged)).not.toMatch(/ann@|12345678/)
  })

  it('sends the mails of others while mails wait between their tries', async () => {
    const goOn: (() => void)[] = []
    let isUp = false
    const { mailer, sent } = open(
      {
        async send(each) {
          if (each.to !== 'bob@example.com' && !isUp) throw new MailError('later')
          sent.push(each)
        },
      },
      () => new Promise<void>((resolve) => void goOn.push(resolve)),
    )
    for (let index = 0; index < serverLimits.mailsAtOnce; index++) mailer.post(mail(), ann)
    mailer.post(mail('bob@example.com'), ann)
    await new Promise(setImmediate)
    await new Promise(setImmediate)
    expect(sent.map(({ to }) => to)).toEqual(['bob@example.com'])
    isUp = true
    for (const each of goOn) each()
    await new Promise(setImmediate)
    expect(sent).toHaveLength(serverLimits.mailsAtOnce + 1)
  })

  it('tries at once what waits between its tries when the process ends', async () => {
    let calls = 0
    const { mailer } = open(
      {
        async send() {
          if (++calls === 1) throw new MailError('later')
        },
      },
      (_, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('over')))),
    )
    mailer.post(mail(), ann)
    await new Promise(setImmediate)
    await new Promise(setImmediate)
    expect(calls).toBe(1)
    await mailer.close()
    expect(calls).toBe(2)
  })

  it('asks once for all who ask at once, and again after a while, sooner when it could not be used', async () => {
    let probes = 0
    let isUp = true
    const { mailer, clock } = open({
      async probe() {
        probes++
        if (!isUp) throw new MailError('away')
      },
    })
    const isReady = async () => {
      const place = await mailer.take(ann)
      place?.release()
      return place !== undefined
    }
    expect(await Promise.all([isReady(), isReady(), isReady()])).toEqual([true, true, true])
    expect(probes).toBe(1)
    clock.now += serverLimits.mailProbedSeconds
    isUp = false
    expect(await isReady()).toBe(false)
    isUp = true
    expect([await isReady(), probes]).toEqual([false, 2])
    clock.now += serverLimits.mailFailedSeconds
    expect([await isReady(), probes]).toEqual([true, 3])
  })

  it('asks again after a mail that did not get through, and not after one that was refused for good', async () => {
    let probes = 0
    let isFinal = true
    const { mailer } = open({
      probe: async () => void probes++,
      async send() {
        throw new MailError('no', { isFinal })
      },
    })
    const takeAfterOne = async () => {
      mailer.post(mail(), ann)
      for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate)
      const place = await mailer.take(ann)
      place?.release()
    }
    for (let index = 0; index < 10; index++) await takeAfterOne()
    expect(probes).toBe(1)
    isFinal = false
    await takeAfterOne()
    expect(probes).toBe(2)
  })

  it('drops a notice, with a line in the log, where too many mails wait', async () => {
    const { mailer, logged } = open({ send: () => new Promise<void>(() => {}) })
    const others = serverLimits.mailsWaitingMax
    for (let index = 0; index < others; index++)
      mailer.post(mail(), { tenant: `t${index % 16}`, credential: `c${index}` })
    expect(logged).toEqual([])
    mailer.post(mail('bob@example.com'), { tenant: 'other', credential: 'bob' })
    expect(logged).toEqual([[{}, 'a mail was not sent: too many wait']])
    expect(await mailer.take(ann)).toBeUndefined()
  })

  it('sends a few at once; a flood leaves room for others, and a place is free once its mail has left', async () => {
    const going: (() => void)[] = []
    const { mailer } = open({ send: () => new Promise<void>((resolve) => void going.push(resolve)) })
    let taken = 0
    for (let index = 0; index < serverLimits.mailsWaitingMax; index++) {
      const place = await mailer.take(ann)
      if (place === undefined) break
      place.post(mail)
      place.release()
      taken++
    }
    await new Promise(setImmediate)
    expect([taken, going.length]).toEqual([serverLimits.mailsWaitingMax / 2, serverLimits.mailsAtOnce])
    expect(await mailer.take(ann)).toBeUndefined()
    const bob = await mailer.take({ tenant: 'other', address: '198.51.100.7' })
    expect(bob).toBeDefined()
    bob?.release()
    bob?.release()
    going[0]?.()
    await new Promise(setImmediate)
    expect(going.length).toBe(serverLimits.mailsAtOnce + 1)
    expect(await mailer.take(ann)).toBeDefined()
    expect(await mailer.take(ann)).toBeUndefined()
  })
})
