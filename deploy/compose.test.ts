/** A small linter: each rule says why. The files are read from the root of the repository, where they are. */
import { describe, expect, it } from 'vitest'
import {
  items,
  knownSettings,
  leaf,
  readServeConfig,
  readText,
  readTree,
  secretSettings,
  settingsIn,
  type Tree,
} from './configuration.fixture.ts'

describe.each(['compose.yaml', 'compose.postgres.yaml'])('%s', (file) => {
  const text = readText(file)
  const tree = readTree(file)
  const services = Object.entries(tree.services ?? {})
  const ours = services.filter(([, service]) => leaf(service.build) !== undefined)

  it('names every image by its version: what is deployed tomorrow is what was tested today', () => {
    for (const [name, { image }] of services) expect(leaf(image), name).toMatch(/^[a-z/]+:\d+\.\d+(\.\d+)?$/)
  })

  it('keeps secrets out of environments, which are inherited, dumped and shown', () => {
    for (const [name, { environment }] of services)
      for (const [setting, value] of Object.entries(environment ?? {})) {
        if (/PASSWORD|SECRET|TOKEN|(MASTER|ADMIN)_KEY/.test(setting)) expect(setting, name).toMatch(/_FILE$/)
        expect(String(leaf(value)), `${name} ${setting}`).not.toMatch(/:\/\/[^/]*:[^/]*@/)
        if (setting.endsWith('_FILE'))
          expect(items(tree.services?.[name]?.secrets)).toContain(String(value).split('/').pop())
      }
    expect(settingsIn(text)).toEqual(expect.not.arrayContaining(secretSettings))
    for (const [name, secret] of Object.entries(tree.secrets ?? {})) expect(leaf(secret.file)).toBe(`secrets/${name}`)
    expect(readText('.gitignore').split('\n')).toContain('secrets/')
  })

  it('sets nothing that is no setting: serve would refuse to start', () => {
    for (const setting of settingsIn(text)) expect(knownSettings()).toContain(setting)
  })

  it('gives serve what it can start with', () => {
    for (const [, { environment }] of ours) {
      const config = readServeConfig({ ...environment })
      expect(config.url).toBe('http://localhost:4800')
      expect(config.database).toMatch(file === 'compose.yaml' ? /^sqlite:/ : /^postgres:/)
    }
  })

  it('gives nobody more than it needs: limits of memory, no new privileges; ours with nothing writable but its volume', () => {
    for (const [name, service] of services) {
      expect(leaf(service.mem_limit), name).toMatch(/^\d+[mg]$/)
      expect(leaf(service.security_opt), name).toEqual(['no-new-privileges:true'])
      expect(leaf(service.privileged), name).toBeUndefined()
    }
    for (const [name, service] of ours) {
      expect(service, name).toMatchObject({ read_only: true, cap_drop: ['ALL'], tmpfs: ['/tmp'] })
    }
  })

  it('publishes on loopback only: the port speaks plain HTTP, for a proxy that terminates TLS', () => {
    for (const [name, service] of services)
      for (const port of items(service.ports)) expect(String(leaf(port)), name).toMatch(/^127\.0\.0\.1:[\d-]+:4800$/)
  })

  it('waits longer than the drain of ten seconds before it kills', () => {
    for (const [, service] of ours)
      expect(Number.parseInt(String(leaf(service.stop_grace_period)), 10)).toBeGreaterThan(10)
  })

  it('starts servers only when what they need answers', () => {
    for (const [name, service] of ours)
      for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
        expect(leaf(condition), name).toBe('service_healthy')
        expect(leaf(tree.services?.[other]?.healthcheck?.test), other).toContain('CMD')
      }
  })

  it('declares every volume and secret that is used', () => {
    const used = services.flatMap(([, { volumes }]) =>
      items(volumes).map((volume) => String(volume).split(':')[0] ?? ''),
    )
    for (const volume of used) expect(Object.keys(tree.volumes ?? {})).toContain(volume)
    const secrets = services.flatMap(([, service]) => items(service.secrets).map(String))
    for (const secret of secrets) expect(Object.keys(tree.secrets ?? ({} as Tree))).toContain(secret)
  })
})
