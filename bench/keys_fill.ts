/** Fills a database with a million keys and ends: the server that is measured begins as new. */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { digest, generateKey } from '@countersign/core'
import { audience, startInstallation } from './installation.ts'
import type { Filled } from './keys.ts'

const count = Number(process.env.KEYS ?? 1_000_000)
const own = process.env.OWN
/** At most this many are told, spread evenly over all: one string holds about ten times as many. */
const sampleEvery = Math.ceil(count / 1_000_000)
const first = await startInstallation()
const { store } = first.server.services
const tenant = 'default'
const api = await store.read.apis.findByAudience(tenant, audience)
if (api === undefined) throw new Error('the API is missing')
const sample: string[] = []
for (let made = 0; made < count; made += 20_000) {
  await store.write(async (transaction) => {
    for (let index = made; index < made + 20_000; index++) {
      const { id, text } = generateKey({ prefix: 'cs', marker: 'live', randomBytes })
      if (index % sampleEvery === 0) sample.push(text)
      await transaction.keys.insert({
        tenant,
        id,
        digest: await digest(text),
        prefix: 'cs',
        environment: 'live',
        clientId: first.clientId,
        apiId: api.id,
        scope: 'orders:read',
        name: 'k',
        status: 'active',
        metadata: own === 'metadata' ? { customer: `${index}`.padStart(26, '0') } : {},
        ...(own === 'subject' ? { subject: `customer-${index}` } : {}),
        version: 1,
        createdAt: 1_700_000_000 + index,
        updatedAt: 1_700_000_000,
      })
    }
  })
}
const sampleFile = join(first.directory, 'sample.json')
writeFileSync(sampleFile, JSON.stringify(sample))
const { directory, verifierKey } = first
const filled: Filled = { count, directory, sampleFile, audience, verifierKey }
// The directory stays: whoever started this removes it.
process.stdout.write(`${JSON.stringify(filled)}\n`, () => process.exit(0))
