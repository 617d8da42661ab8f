/** The mail of a test: all that was sent, read by address. */
import { type Mail, MailError, type MailTransport } from './mailer.ts'

export interface Mailbox extends MailTransport {
  readonly all: Mail[]
  /** False: the mail server is away. */
  isUp: boolean
  /** The mails to an address, once all that was posted has left. */
  to(address: string): Promise<readonly Mail[]>
  /** The code of the last mail to an address; throws where there is none. */
  code(address: string): Promise<string>
}

export function createMailbox(): Mailbox {
  const all: Mail[] = []
  const mailbox: Mailbox = {
    all,
    isUp: true,
    async probe() {
      if (!mailbox.isUp) throw new MailError('away')
    },
    async send(mail) {
      if (!mailbox.isUp) throw new MailError('away')
      all.push(mail)
    },
    close() {},
    async to(address) {
      // Mails leave in the turn after their request.
      for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
      return all.filter(({ to }) => to === address)
    },
    async code(address) {
      const text = (await mailbox.to(address)).at(-1)?.text ?? ''
      const code = /^ {4}(\d{4}) (\d{4})$/m.exec(text)
      if (code === null) throw new Error(`no code was mailed to ${address}`)
      return `${code[1]}${code[2]}`
    },
  }
  return mailbox
}
