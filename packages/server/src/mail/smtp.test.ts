import { afterEach, describe, expect, it } from 'vitest'
import { MailError, type MailTransport } from './mailer.ts'
import { type SmtpServer, startSmtp } from './smtp.fixture.ts'
import { formatSmtpTarget, parseMailFrom, parseSmtpTarget } from './smtp_target.ts'
import { createSmtpTransport } from './smtp_transport.ts'

const opened: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close()
})

async function open(
  options: Parameters<typeof startSmtp>[0] = {},
  user = '',
  query = '',
): Promise<[SmtpServer, MailTransport]> {
  const server = await startSmtp(options)
  const target = parseSmtpTarget(`smtp://${user}127.0.0.1:${server.port}${query}`)
  if (target === undefined) throw new Error('the URL holds')
  const transport = createSmtpTransport({ target, from: { name: 'Größe', address: 'accounts@northwind.example' } })
  opened.push(transport, server)
  return [server, transport]
}

const mail = { to: 'ann@example.com', subject: 'Your code', text: '12345678\n\nGood for ten minutes.' }

describe('SMTP', () => {
  it('hands a mail to one person, as plain text that nobody answers by machine', async () => {
    const [server, transport] = await open()
    await transport.probe()
    await transport.send(mail)
    expect(server.taken).toHaveLength(1)
    const [taken] = server.taken
    expect([taken?.from, taken?.to]).toEqual(['accounts@northwind.example', ['ann@example.com']])
    expect(taken?.data).toContain('To: ann@example.com\r\n')
    expect(taken?.data).toContain('Subject: Your code\r\n')
    expect(taken?.data).toMatch(/^Auto-Submitted: auto-generated\r$/m)
    expect(taken?.data).toMatch(/^Content-Type: text\/plain; charset=utf-8\r$/m)
    expect(taken?.data).toMatch(/\r\n\r\n12345678\r\n\r\nGood for ten minutes\./)
    expect(taken?.data.toLowerCase()).not.toContain('html')
  })

  it.each([
    ['a line break in the subject', { subject: 'Hello\r\nBcc: eve@evil.example\r\n\r\nbody' }],
    ['a line break in the address', { to: 'ann@example.com\r\nBcc: eve@evil.example' }],
    ['a list in the address', { to: 'ann@example.com, eve@evil.example' }],
    ['brackets in the address', { to: 'ann@example.com> <eve@evil.example' }],
    ['a dot on a line of its own', { text: 'a\r\n.\r\nMAIL FROM:<eve@evil.example>\r\nb' }],
  ])('%s makes no other field, no other recipient and no other mail', async (_, spoiled) => {
    const [server, transport] = await open()
    await transport.send({ ...mail, ...spoiled }).catch(() => {})
    for (const { to, data } of server.taken) {
      expect(to).not.toContain('eve@evil.example')
      expect(data.split('\r\n\r\n')[0]).not.toMatch(/^(bcc|cc):/im)
    }
    expect(server.said.filter((line) => /^RCPT/i.test(line) && !line.includes('<ann@example.com>'))).toEqual([])
    expect(server.taken.length).toBeLessThanOrEqual(1)
  })

  it('signs in where the URL has a name, and no error repeats name, secret, address or text', async () => {
    const refuses = (line: string) => (/^AUTH/i.test(line) ? '535 no such user bob secret%40word' : undefined)
    const [, transport] = await open({ refuses, offers: ['AUTH PLAIN'] }, 'bob:secret%2540word@')
    const error = await transport.probe().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(MailError)
    expect(error).toMatchObject({ isFinal: true, message: 'the mail server answered 535 (EAUTH)' })
    expect(JSON.stringify(error) + String((error as Error).stack)).not.toMatch(/bob|secret|ann@/)
  })

  it.each([
    ['550 no such mailbox ann@example.com', true],
    ['450 try later, ann@example.com', false],
  ])('an address that is answered %s is an error that says nothing of it', async (refusal, isFinal) => {
    const [, transport] = await open({ refuses: (line) => (/^RCPT/i.test(line) ? refusal : undefined) })
    const error = await transport.send(mail).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'MailError', isFinal })
    expect(String((error as Error).stack)).not.toContain('ann@example.com')
  })

  it('a server that is away is no final error', async () => {
    const [server, transport] = await open()
    await server.close()
    await expect(transport.probe()).rejects.toMatchObject({ name: 'MailError', isFinal: false })
    await expect(transport.send(mail)).rejects.toMatchObject({ name: 'MailError', isFinal: false })
  })

  it('nothing is handed to a server without TLS, but on this machine or where the URL says so', async () => {
    const server = await startSmtp()
    const elsewhere = parseSmtpTarget(`smtp://mail.example:${server.port}`)
    if (elsewhere === undefined) throw new Error('the URL holds')
    const from = { name: '', address: 'accounts@northwind.example' }
    const strict = createSmtpTransport({ target: { ...elsewhere, host: '127.0.0.1' }, from })
    opened.push(strict, server)
    await expect(strict.send(mail)).rejects.toThrow(MailError)
    expect(server.said.some((line) => /^MAIL/i.test(line))).toBe(false)
    const plain = createSmtpTransport({ target: { ...elsewhere, host: '127.0.0.1', isPlain: true }, from })
    opened.push(plain)
    await plain.send(mail)
    expect(server.taken).toHaveLength(1)
  })
})

describe('the URL', () => {
  it.each([
    ['smtp://mail.example', { host: 'mail.example', port: 587, isTls: false, isPlain: false }],
    ['smtps://mail.example', { host: 'mail.example', port: 465, isTls: true, isPlain: false }],
    ['smtp://127.0.0.1:1025', { port: 1025, isPlain: true }],
    ['smtp://[::1]:1025/', { host: '::1', isPlain: true }],
    ['smtp://mail:1025?dangerouslyAllowPlaintext=true', { host: 'mail', isPlain: true }],
    ['smtp://a%40b:c%3Ad@mail.example', { username: 'a@b' }],
  ])('%s is read', (text, expected) => {
    expect(parseSmtpTarget(text)).toMatchObject(expected)
  })

  it.each([
    ...['', 'mail.example', 'http://mail.example', 'smtp://', 'smtp://mail.example:0', 'smtp://mail.example:70000'],
    ...[
      'smtp://user@mail.example',
      'smtp://u:%zz@mail.example',
      'smtp://mail.example/path',
      'smtp://mail.example?tls=false',
    ],
    ...['smtp://mail.example?dangerouslyAllowPlaintext=1', 'smtp://mail.example\r\n', 'smtp://a b'],
  ])('%j is refused', (text) => {
    expect(parseSmtpTarget(text)).toBeUndefined()
  })

  it('is shown without its credentials', () => {
    for (const text of ['smtp://u:s3cret@mail.example:587', 'smtps://u:s3cret@[2001:db8::1]:465']) {
      const target = parseSmtpTarget(text)
      if (target === undefined) throw new Error('the URL holds')
      expect(formatSmtpTarget(target)).toBe(text.replace('u:s3cret', '[redacted]'))
      expect(JSON.stringify(target)).not.toContain('s3cret')
    }
  })
})

it.each([
  ['accounts@example.com', { name: '', address: 'accounts@example.com' }],
  ['Northwind <accounts@example.com>', { name: 'Northwind', address: 'accounts@example.com' }],
  ['<accounts@example.com>', { name: '', address: 'accounts@example.com' }],
  ['Northwind', undefined],
  ['a@b, c@d', undefined],
  ['a@b\r\nBcc: c@d', undefined],
  ['Evil\nBcc: x <a@b>', undefined],
  ['"x" <a@b>', undefined],
])('the sender %j is read as it is, or refused', (text, expected) => {
  expect(parseMailFrom(text)).toEqual(expected)
})
