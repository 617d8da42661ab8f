import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { ValidationSeverity, validate } from 'dockerfile-utils'
import { afterAll, describe, expect, it } from 'vitest'
import { freePort } from '../scripts/free_port.ts'
import { readText } from './configuration.fixture.ts'
import { build, exists, isReachable, readStages, words } from './dockerfile.fixture.ts'

const stages = readStages('Dockerfile')
const final = stages.at(-1) ?? []
const one = (name: string) => {
  const found = final.filter((instruction) => instruction.name === name)
  expect(found, `${name} in the last stage`).toHaveLength(1)
  return found[0]!
}

describe('the file', () => {
  it('has nothing that the linter minds', () => {
    const problems = validate(readText('Dockerfile'), { instructionJSONInSingleQuotes: ValidationSeverity.ERROR })
    expect(problems.map(({ message, range }) => `${range.start.line + 1}: ${message}`)).toEqual([])
  })

  it('is built on the very Node that the tests run on', () => {
    const { devDependencies } = JSON.parse(readText('package.json')) as { devDependencies: { node: string } }
    for (const [from] of stages) expect(from?.text).toMatch(new RegExp(`^node:${devDependencies.node}-slim( AS |$)`))
  })

  it('copies what is there, and from the context only what .dockerignore lets through', () => {
    const passed = readText('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1))
    for (const { name, flags, text } of stages.flat()) {
      if (name !== 'COPY' || flags.from !== undefined) continue
      for (const source of text.split(' ').slice(0, -1)) {
        expect(exists(source), source).toBe(true)
        expect(passed).toContain(source)
      }
    }
    expect(readText('.dockerignore').split('\n')).toContain('*')
  })

  it('runs no shell: the signal to stop reaches the server itself, and a name in an argument stays a name', () => {
    for (const instruction of stages.flat())
      if (['RUN', 'CMD', 'ENTRYPOINT', 'HEALTHCHECK'].includes(instruction.name))
        expect(words(instruction)).not.toContain('sh')
    expect(one('STOPSIGNAL').text).toBe('SIGTERM')
  })

  it('leaves to whoever runs it what may come from a file: set twice it is refused', () => {
    expect(one('ENV').text).toBe('COUNTERSIGN_LISTEN=0.0.0.0:4800')
    expect(one('EXPOSE').text).toBe('4800')
  })

  it('is not root, by a number that Kubernetes can judge', () => expect(one('USER').text).toBe('1000:1000'))
})

describe('its commands', () => {
  const root = mkdtempSync(join(tmpdir(), 'countersign-image-'))
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  it('install, start, answer the health check, and end with 0 at SIGTERM, writing nothing outside /data', async () => {
    chmodSync(root, 0o755)
    const image = build(stages, root)
    const port = await freePort()
    const env = {
      ...image.environment,
      PATH: process.env.PATH,
      COUNTERSIGN_URL: `http://localhost:${port}`,
      COUNTERSIGN_LISTEN: `127.0.0.1:${port}`,
    }
    const [, ...command] = [...words(one('ENTRYPOINT')), ...words(one('CMD'))].map((word) =>
      word.startsWith('/') ? image.path(word) : word,
    )
    const isRoot = process.getuid?.() === 0 && isReachable(process.execPath)
    const user = isRoot ? { uid: 1000, gid: 1000 } : {}
    const server = spawn(process.execPath, command, {
      ...user,
      cwd: image.workdir,
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    server.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    const ended = new Promise((resolve) => server.once('exit', resolve))
    const [, script = ''] = words(one('HEALTHCHECK'))
    const healthy = () => spawnSync(process.execPath, [image.path(script)], { ...user, env }).status
    try {
      const deadline = performance.now() + 15_000
      while (healthy() !== 0 && performance.now() < deadline) await wait(100)
      expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status, said).toBe(200)
    } finally {
      server.kill('SIGTERM')
    }
    expect(await ended, said).toBe(0)
    expect(healthy()).toBe(1)
    expect(statSync(join(image.workdir, 'countersign.db')).mode & 0o777).toBe(0o600)
    expect(existsSync(image.path('/app/node_modules/vitest')), 'what is for development').toBe(false)
    expect(readFileSync(join(image.workdir, 'master.key'), 'utf8')).toMatch(/./)
    if (isRoot) expect(existsSync(image.path('/app/node_modules/.cache'))).toBe(false)
  }, 60_000)
})
