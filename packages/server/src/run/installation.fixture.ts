/** An installation on a SQLite file, with a listener on a port that stays the same over restarts: verifiers know it by that. */

import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { freePort } from '../../../../scripts/free_port.ts'
import type { Services } from '../context.ts'
import { backup } from './backup.ts'
import { openInstallation } from './installation.ts'

export type Answered = { readonly [name: string]: unknown }

export interface Running {
  readonly services: Services
  readonly adminKey: string
  readonly logged: { readonly level: string; readonly message: string }[]
  /** As the administrator; each must succeed. */
  post(path: string, body?: object): Promise<Answered>
  patch(path: string, body: object): Promise<Answered>
  get(path: string): Promise<Answered>
  form(path: string, form: Record<string, string>): Promise<Answered>
  text(path: string): Promise<{ readonly text: string }>
  /** The body: a form at `/oauth/`, else JSON. */
  status(path: string, body: Record<string, unknown>): Promise<{ readonly status: number }>
  stop(): Promise<void>
}

export async function installationFixture() {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-installation-'))
  const file = join(directory, 'countersign.db')
  const database = `sqlite:${file}`
  const issuer = `http://127.0.0.1:${await freePort()}`
  const running = new Set<Running>()
  let adminKey = ''

  async function start(): Promise<Running> {
    const logged: { level: string; message: string }[] = []
    const note = (level: string) => (_: object, message: string) => void logged.push({ level, message })
    const log = { info: note('info'), warn: note('warn'), error: note('error') }
    const installation = await openInstallation({ database, baseUrl: issuer, version: '0.0.0', log })
    adminKey = installation.adminKey?.reveal() ?? adminKey
    const listener = installation.createListener()
    await new Promise<void>((listening) => listener.listen(Number(new URL(issuer).port), '127.0.0.1', listening))
    const authorization = `Bearer ${adminKey}`
    const jsonOf = (body: object) => ({
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const formOf = (form: Record<string, string>) => ({ method: 'POST', body: new URLSearchParams(form) })
    const read = async (path: string, init: RequestInit): Promise<string> => {
      const answer = await fetch(issuer + path, init)
      const text = await answer.text()
      expect(answer.status, `${path}: ${text}`).toBeLessThan(300)
      return text
    }
    const send = async (path: string, init: RequestInit) => JSON.parse((await read(path, init)) || '{}') as Answered
    const server: Running = {
      services: installation.services,
      adminKey,
      logged,
      post: (path, body = {}) => send(path, jsonOf(body)),
      patch: (path, body) => send(path, { ...jsonOf(body), method: 'PATCH' }),
      get: (path) => send(path, { headers: { authorization } }),
      form: (path, form) => send(path, formOf(form)),
      text: async (path) => ({ text: await read(path, { headers: { authorization } }) }),
      async status(path, body) {
        const init = path.startsWith('/oauth/') ? formOf(body as Record<string, string>) : jsonOf(body)
        const answer = await fetch(issuer + path, init)
        await answer.arrayBuffer()
        return { status: answer.status }
      },
      async stop() {
        if (!running.delete(server)) return
        listener.closeAllConnections()
        listener.close()
        await installation.close()
      },
    }
    running.add(server)
    return server
  }

  return {
    directory,
    file,
    database,
    issuer,
    start,
    backup: (to: string) => backup({ database, file: to }),
    /** While nobody has it open: as a copy that lacks the write-ahead log. */
    replaceBy(copy: string) {
      for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true })
      copyFileSync(copy, file)
    },
    async end() {
      for (const server of [...running]) await server.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
