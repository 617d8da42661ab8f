/**
 * A million keys, or as many as `KEYS` says: how long until ready, how much memory, and how fast when any of them may come,
 * once all are known. `OWN=metadata` gives each key 40 bytes of metadata that no other has, `OWN=subject` a subject.
 */
import { execFileSync, spawn } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { closedLoop } from './closed_loop.ts'
import { writeQuestion } from './connection.ts'
import { compareAsync } from './measure.ts'
import type { Figure } from './run.ts'

const seconds = 4

export async function benchKeys(): Promise<readonly Figure[]> {
  const filled = JSON.parse(execFileSync(process.execPath, [scriptPath('keys_fill')], { encoding: 'utf8' })) as Filled
  const sample = JSON.parse(readFileSync(filled.sampleFile, 'utf8')) as readonly string[]
  const child = spawn(process.execPath, [scriptPath('keys_server'), filled.directory], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const { url, readySeconds } = JSON.parse((await lines.next()).value as string) as {
    readonly url: string
    readonly readySeconds: number
  }
  const { knownSeconds } = JSON.parse((await lines.next()).value as string) as { readonly knownSeconds: number }
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${filled.verifierKey}` }
  const verifyUrl = `${url}/v1/verify`
  const load = (keys: readonly string[]) => async (): Promise<number> => {
    let index = 0
    const next = (): Buffer => {
      // A step that shares no factor with the length visits all of them, far apart.
      index = (index + 7_919) % keys.length
      const body = JSON.stringify({ credential: keys[index], audience: filled.audience, scope: 'orders:read' })
      return writeQuestion({ url: verifyUrl, method: 'POST', headers, body })
    }
    const isRight = (status: number, body: string): boolean => status === 200 && body.includes('"active":true')
    return (await closedLoop({ url: verifyUrl, next, isRight, seconds })).perSecond
  }
  const thousand = load(sample.slice(0, 1_000))
  // A server has compiled what it runs before it is measured.
  await load(sample)()
  await thousand()
  const uniform = await compareAsync(load(sample), thousand, 5)
  const hot = await compareAsync(load(sample.slice(0, 10_000)), thousand, 5)
  child.stdin.write('memory\n')
  const { rssMb } = JSON.parse((await lines.next()).value as string) as { readonly rssMb: number }
  child.kill()
  rmSync(filled.directory, { recursive: true, force: true })
  const own = process.env.OWN === undefined ? '' : ` with ${process.env.OWN} of their own`
  const all = filled.count.toLocaleString('en')
  const isMillion = filled.count === 1_000_000
  return [
    { name: `${all} keys${own}: server ready`, value: readySeconds, unit: 's', goal: { atMost: 5 } },
    { name: `${all} keys${own}: every one known without a look-up`, value: knownSeconds, unit: 's' },
    {
      name: `${all} keys${own}: RSS after the load`,
      value: rssMb,
      unit: 'MB',
      ...(isMillion && { goal: { atMost: 400 } }),
    },
    { name: '1,000 keys', value: uniform.b, unit: '/s' },
    { name: `any of ${all}, of 1,000`, value: uniform.ratio, unit: '', goal: { atLeast: 0.8 } },
    { name: 'a hot set of 10,000, of 1,000', value: hot.ratio, unit: '', goal: { atLeast: 0.8 } },
  ]
}

/** The output of `keys_fill.ts`. The sample file has a million of the keys, or all of fewer. */
export interface Filled {
  readonly count: number
  readonly directory: string
  readonly sampleFile: string
  readonly audience: string
  readonly verifierKey: string
}

function scriptPath(name: string): string {
  return fileURLToPath(new URL(`./${name}.ts`, import.meta.url))
}
