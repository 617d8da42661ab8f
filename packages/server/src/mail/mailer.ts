/**
 * Mail to people. A mail is handed on after its request was answered, so that the time of an answer does not tell whether
 * there was one; whether mail works at all is asked before, for every address alike.
 */
import { setTimeout as waitFor } from 'node:timers/promises'
import { type Holder, type Seconds, Shares } from '@countersign/core'
import { serverLimits } from '../limits.ts'
import type { Log } from '../observe/log.ts'

/** Plain text for one person. */
export interface Mail {
  readonly to: string
  readonly subject: string
  readonly text: string
}

/** The way out: SMTP, or the terminal of `dev`. Both reject with `MailError`. */
export interface MailTransport {
  /** Resolves where mail would be taken now. */
  probe(): Promise<void>
  send(mail: Mail): Promise<void>
  close(): void
}

/** A mail was not taken. The text names neither its address nor what stands in it. */
export class MailError extends Error {
  override readonly name = 'MailError'
  /** Sending it again is of no use. */
  readonly isFinal: boolean

  constructor(
    message: string,
    { isFinal = false, cause }: { readonly isFinal?: boolean; readonly cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? {} : { cause })
    this.isFinal = isFinal
  }
}

export interface Mailer {
  /** False: whatever needs mail is off. */
  readonly isOn: boolean
  /**
   * A place for one mail that will probably leave; `undefined` where mail does not work, or too many wait. Asked for known and
   * unknown addresses alike. Who takes one posts or releases it.
   */
  take(holder: Holder): Promise<MailPlace | undefined>
  /**
   * Tells somebody what has happened, without asking whether mail works. In the background: a failure is logged and tried again
   * twice, unless the server has refused it for good. Dropped, with a line in the log, where too many wait.
   */
  post(mail: Mail, holder: Holder): void
  /** Waits for those under way, for a moment. */
  close(): Promise<void>
}

/** A place among the mails that wait, in fair shares by tenant, credential and address. */
export interface MailPlace {
  /**
   * Sends in the background, as `Mailer.post`. `make` is called there, and gives none for an address that nobody has: the
   * answer takes the same time for both.
   */
  post(make: () => Mail | undefined): void
  /** There is no mail after all. Nothing happens once one was posted. */
  release(): void
}

export interface MailerOptions {
  /** Default: none, and no mail. */
  readonly transport?: MailTransport | undefined
  readonly log: Log
  readonly now: () => Seconds
  /** Default: a timer that keeps no process alive. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<unknown>
}

export function createMailer({ transport, log, now, wait = waitInBackground }: MailerOptions): Mailer {
  if (transport === undefined) return { isOn: false, take: async () => undefined, post() {}, close: async () => {} }
  const ending = new AbortController()
  const places = new Shares(serverLimits.mailsWaitingMax)
  const probe = createProbe(transport, log, now)
  const queue = createQueue(
    async (mail, failures) => {
      try {
        await transport.send(mail)
        return undefined
      } catch (error) {
        const isFinal = error instanceof MailError && error.isFinal
        const pauseMs = isFinal ? undefined : serverLimits.mailPausesMs[failures]
        // A refusal for good is about one mail: the server answers, and takes others.
        if (!isFinal) probe.failed()
        log.warn({ error }, pauseMs === undefined ? 'a mail was not sent' : 'a mail was not sent; it is tried again')
        return pauseMs
      }
    },
    (pauseMs) => wait(pauseMs, ending.signal),
  )

  return {
    isOn: true,
    async take(holder) {
      if (!(await probe.ask()) || !places.take(holder)) return undefined
      return placeOf(queue, () => places.give(holder))
    },
    post(mail, holder) {
      const done = () => places.give(holder)
      if (places.take(holder)) queue.add(() => mail, done)
      else log.warn({}, 'a mail was not sent: too many wait')
    },
    async close() {
      ending.abort()
      await queue.end(wait(serverLimits.mailCloseMs, new AbortController().signal))
      transport.close()
    },
  }
}

function placeOf(queue: Queue, give: () => void): MailPlace {
  let isTaken = false
  return {
    post(make) {
      isTaken = true
      queue.add(make, give)
    },
    release() {
      if (!isTaken) give()
      isTaken = true
    },
  }
}

type MakeMail = () => Mail | undefined

interface Queue {
  /** `done`: it was sent, or given up. */
  add(make: MakeMail, done: () => void): void
  /** Begins what waits, and resolves when nothing is under way, or `late` has. */
  end(late: Promise<unknown>): Promise<void>
}

/** One try of a mail. Resolves to the pause before the next one, and to nothing when it was sent or given up. */
type Attempt = (mail: Mail, failures: number) => Promise<number | undefined>

/** A few at once. A mail that waits for its next try is none of them: it holds up nobody else's. */
function createQueue(attempt: Attempt, wait: (ms: number) => Promise<unknown>): Queue {
  const waiting: Waiting[] = []
  const running = new Set<Promise<void>>()
  const paused = new Set<Promise<void>>()

  function begin(): void {
    while (running.size < serverLimits.mailsAtOnce) {
      const next = waiting.shift()
      if (next === undefined) return
      keepIn(running, send(next))
    }
  }

  async function send({ make, failures, done }: Waiting): Promise<void> {
    const mail = make()
    const pauseMs = mail && (await attempt(mail, failures))
    if (pauseMs === undefined) return done()
    const again: Waiting = { make: () => mail, failures: failures + 1, done }
    keepIn(
      paused,
      wait(pauseMs)
        .catch(() => {})
        .then(() => void waiting.push(again)),
    )
  }

  function keepIn(these: Set<Promise<void>>, work: Promise<void>): void {
    const kept = work.finally(() => {
      these.delete(kept)
      begin()
    })
    these.add(kept)
  }

  return {
    add(make, done) {
      waiting.push({ make, failures: 0, done })
      // In another turn: what it costs to make the mail is not in the time of the answer.
      setImmediate(begin)
    },
    async end(late) {
      begin()
      while (running.size + paused.size > 0) {
        const all = Promise.allSettled([...running, ...paused])
        const isLate = await Promise.race([all.then(() => false), late.then(() => true)])
        if (isLate) return
      }
    },
  }
}

interface Waiting {
  readonly make: MakeMail
  readonly failures: number
  done(): void
}

/** Shared by all who ask at once. An answer is believed for a while, a bad one for less. */
function createProbe(transport: MailTransport, log: Log, now: () => Seconds) {
  let asking: Promise<boolean> | undefined
  let known: { readonly isGood: boolean; readonly until: Seconds } | undefined

  async function probe(): Promise<boolean> {
    try {
      await transport.probe()
      known = { isGood: true, until: now() + serverLimits.mailProbedSeconds }
    } catch (error) {
      log.warn({ error }, 'mail cannot be sent')
      known = { isGood: false, until: now() + serverLimits.mailFailedSeconds }
    }
    return known.isGood
  }

  return {
    ask(): Promise<boolean> {
      if (known !== undefined && now() < known.until) return Promise.resolve(known.isGood)
      asking ??= probe().finally(() => {
        asking = undefined
      })
      return asking
    },
    /** The next who asks looks again. */
    failed(): void {
      known = undefined
    },
  }
}

function waitInBackground(ms: number, signal: AbortSignal): Promise<unknown> {
  return waitFor(ms, undefined, { ref: false, signal })
}
