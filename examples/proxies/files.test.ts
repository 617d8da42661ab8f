/** Checks that running the files does not make (conformance/proxies.test.ts). */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseYaml } from '../../packages/openapi/src/yaml.ts'

function read(name: string): unknown {
  return parseYaml(readFileSync(new URL(`./${name}`, import.meta.url), 'utf8'))
}

/** Every value that stands under this name, at any depth. */
function valuesUnder(value: unknown, name: string): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]) => [
    ...(key === name ? [member] : []),
    ...valuesUnder(member, name),
  ])
}

test('traefik believes no caller, in either of two places: one alone would do', () => {
  expect(valuesUnder(read('traefik.yaml'), 'insecure')).toEqual([false])
  expect(valuesUnder(read('traefik_dynamic.yaml'), 'trustForwardHeader')).toEqual([false])
})

test('envoy drops header fields with a `_`, forged identity or not', () => {
  expect(valuesUnder(read('envoy.yaml'), 'headers_with_underscores_action')).toEqual(['DROP_HEADER'])
})

test.each(['nginx.conf', 'haproxy.cfg', 'countersign.lua', 'Caddyfile', 'traefik_dynamic.yaml', 'envoy.yaml'])(
  '%s has no key in a URL',
  (name) => {
    const text = readFileSync(new URL(`./${name}`, import.meta.url), 'utf8')
    const questions = text.match(/forward-auth\?\S*/g) ?? []
    for (const question of questions) expect(question).not.toMatch(/verifier|key|cs_live/i)
  },
)
