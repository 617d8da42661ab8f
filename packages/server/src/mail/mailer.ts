/**
 * Mail to people. A mail is handed on after its request was answered, so that the time of an answer does not tell whether
 * there was one; whether mail works at all is asked before, for every address alike.
 */
import { setTimeout as waitFor } from 'node:timers/promises'
import type { Seconds } from '@countersign/core'
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
  /** Whether a mail that is posted now will probably leave. Asked for known and unknown addresses alike. */
  ready(): Promise<boolean>
  /** Sends it in the background. A failure is logged and tried again twice, unless the server has refused it for good. */
  post(mail: Mail): void
  /** Waits for those under way, for a moment. */
  close(): Promise<void>
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
  if (transport === undefined) return { isOn: false, ready: async () => false, post() {}, close: async () => {} }
  const way = transport
  const ending = new AbortController()
  const waiting: Mail[] = []
  const running = new Set<Promise<void>>()
  const probe = createProbe(way, log, now)

  async function send(mail: Mail): Promise<void> {
    for (const pauseMs of [...serverLimits.mailPausesMs, undefined]) {
      try {
        return await way.send(mail)
      } catch (error) {
        const isOver = pauseMs === undefined || (error instanceof MailError && error.isFinal)
        probe.failed()
        log.warn({ error }, isOver ? 'a mail was not sent' : 'a mail was not sent; it is tried again')
        if (isOver) return
        await wait(pauseMs, ending.signal).catch(() => {})
      }
    }
  }

  function begin(): void {
    while (running.size < serverLimits.mailsAtOnce) {
      const mail = waiting.shift()
      if (mail === undefined) return
      const sending = send(mail).finally(() => {
        running.delete(sending)
        begin()
      })
      running.add(sending)
    }
  }

  return {
    isOn: true,
    ready: async () => waiting.length < serverLimits.mailsWaitingMax && (await probe.ask()),
    post(mail) {
      waiting.push(mail)
      // In another turn: what it costs to make the mail is not in the time of the answer.
      setImmediate(begin)
    },
    async close() {
      ending.abort()
      begin()
      const late = wait(serverLimits.mailCloseMs, new AbortController().signal)
      while (running.size > 0) {
        const isLate = await Promise.race([Promise.allSettled(running).then(() => false), late.then(() => true)])
        if (isLate) break
      }
      way.close()
    },
  }
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
