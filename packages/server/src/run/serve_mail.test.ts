import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKey, parseKey } from '@countersign/core'
import { afterAll, expect, it } from 'vitest'
import { startSmtp } from '../mail/smtp.fixture.ts'
import { serve } from './serve.ts'

const directory = mkdtempSync(join(tmpdir(), 'countersign-mail-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

it('serve hands a code for a known address to the configured server, and nothing for an unknown one', async () => {
  const smtp = await startSmtp()
  const adminKey = generateKey({
    prefix: 'cs',
    marker: 'live',
    randomBytes: (count) => new Uint8Array(count).fill(9),
  }).text
  expect(parseKey(adminKey)).toBeDefined()
  const url = 'http://localhost:4999'
  const serving = await serve({
    environment: {
      COUNTERSIGN_URL: url,
      COUNTERSIGN_LISTEN: '127.0.0.1:0',
      COUNTERSIGN_DATABASE: `sqlite:${join(directory, 'countersign.db')}`,
      COUNTERSIGN_ADMIN_KEY: adminKey,
      COUNTERSIGN_SMTP_URL: `smtp://127.0.0.1:${smtp.port}`,
      COUNTERSIGN_MAIL_FROM: 'Northwind <accounts@northwind.example>',
      COUNTERSIGN_LOG_LEVEL: 'silent',
    },
    version: '0.0.0',
    onAdminKey: () => {},
    reserve: false,
  })
  const at = `http://${serving.address}`
  const made = await fetch(`${at}/v1/accounts`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${adminKey}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ email: 'ann@example.com', emailVerified: true, name: 'Ann' }),
  })
  expect(made.status).toBe(201)
  for (const email of ['nobody@example.com', 'ann@example.com']) {
    const page = await fetch(`${at}/login/code`)
    const cookie = page.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    const csrf = /name="csrf" value="([^"]+)"/.exec(await page.text())?.[1] as string
    const asked = await fetch(`${at}/login/code`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie, 'Sec-Fetch-Site': 'same-origin' },
      body: new URLSearchParams({ csrf, email }),
    })
    expect(asked.status).toBe(303)
  }
  // Mails under way have left when the server has stopped.
  await serving.stop()
  expect(smtp.taken.map(({ from, to }) => [from, to])).toEqual([['accounts@northwind.example', ['ann@example.com']]])
  expect(smtp.taken[0]?.data).toMatch(/\r\n {4}\d{4} \d{4}\r\n/)
  await smtp.close()
})
