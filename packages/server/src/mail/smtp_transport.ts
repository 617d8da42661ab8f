/** Mail over SMTP, by `nodemailer`. */
import { getCACertificates } from 'node:tls'
import { createTransport } from 'nodemailer'
import { serverLimits } from '../limits.ts'
import { MailError, type MailTransport } from './mailer.ts'
import type { MailFrom, SmtpTarget } from './smtp_target.ts'

export interface SmtpOptions {
  readonly target: SmtpTarget
  readonly from: MailFrom
  /** Certificates in PEM, believed beside the system's. Default: none. */
  readonly ca?: string | undefined
}

export function createSmtpTransport({ target, from, ca }: SmtpOptions): MailTransport {
  const { host, port, isTls, isPlain, username = '', password } = target
  const transport = createTransport({
    host,
    port,
    secure: isTls,
    // A server that does not offer TLS is given nothing: whoever stands between could have taken the offer out.
    requireTLS: !isTls && !isPlain,
    ignoreTLS: isPlain,
    tls: { minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] }) },
    ...(password === undefined ? {} : { auth: { user: username, pass: password.reveal() } }),
    connectionTimeout: serverLimits.smtpConnectMs,
    greetingTimeout: serverLimits.smtpConnectMs,
    dnsTimeout: serverLimits.smtpConnectMs,
    socketTimeout: serverLimits.smtpIdleMs,
    pool: true,
    maxConnections: serverLimits.mailsAtOnce,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const told = async (work: Promise<unknown>): Promise<void> => {
    try {
      await work
    } catch (error) {
      throw mailError(error)
    }
  }
  return {
    probe: () => told(transport.verify()),
    send: async ({ to, subject, text }) => {
      if (!oneAddress.test(to)) throw new MailError('the address is not one address', { isFinal: true })
      await told(
        transport.sendMail({
          from: { ...from },
          to: { name: '', address: to },
          envelope: { from: from.address, to: [to] },
          subject,
          text,
          headers: { 'Auto-Submitted': 'auto-generated' },
        }),
      )
    },
    close: () => transport.close(),
  }
}

/** The library reads what is given as a list with names and quotes; this has none of its marks. */
const oneAddress = /^[^\s\p{Cc}<>()[\],;:\\"@]{1,64}@[^\s\p{Cc}<>()[\],;:\\"@]{1,255}$/u

/** Without what the server has said, which may repeat the address. */
function mailError(error: unknown): MailError {
  const { code, responseCode } = error as { readonly code?: unknown; readonly responseCode?: unknown }
  const why = typeof code === 'string' && /^[A-Z]{1,40}$/.test(code) ? code : 'unknown'
  if (typeof responseCode !== 'number') return new MailError(`the mail server cannot be used (${why})`)
  return new MailError(`the mail server answered ${responseCode} (${why})`, { isFinal: responseCode >= 500 })
}
