/** The SDK in its own process: warm keys and JWTs, and a JWT it has never seen, against bare `crypto.verify`. */
import { createPublicKey, verify as verifySignature } from 'node:crypto'
import { createVerifier } from '@countersign/verifier'
import { requireIssuable } from '../packages/server/src/oauth/issuing_gate.ts'
import { atOneMoment } from '../packages/server/src/oauth/issuing_moment.ts'
import { issueJwt } from '../packages/server/src/oauth/token_issuer.ts'
import { audience, startInstallation } from './installation.ts'
import { compare, median, perSecond } from './measure.ts'
import type { Figure } from './run.ts'

export async function benchEngine(): Promise<readonly Figure[]> {
  const installation = await startInstallation()
  const { clientId, url: issuer, verifierKey: credential, call } = installation
  const rateLimit = { limit: 1_000_000_000, windowSeconds: 1 }
  const key = await call('POST', '/v1/keys', { clientId, audience, scope: 'orders:read', name: 'warm', rateLimit })
  const warmKeys = [key.key as string]
  const jwt = await call('POST', '/v1/tokens', { clientId, audience, scope: 'orders:read', ttlSeconds: 3_600 })
  const verifier = createVerifier({ issuer, audience, credential, maxStalenessSeconds: 300 })
  await verifier.ready()

  const expectation = { scope: 'orders:read' }
  const judge = (text: string): void => {
    const outcome = verifier.verify(text, expectation)
    if (outcome instanceof Promise || outcome.outcome !== 'verified')
      throw new Error(`not verified: ${JSON.stringify(outcome)}`)
  }
  for (const text of [...warmKeys, jwt.token as string]) await verifier.verify(text, expectation)
  const warmKey = median([1, 2, 3, 4, 5].map(() => perSecond(() => judge(warmKeys[0] as string))))
  const warmJwt = median([1, 2, 3, 4, 5].map(() => perSecond(() => judge(jwt.token as string))))

  const cold = await coldTokens(installation, 40_000)
  let next = 0
  const coldOnce = (): void => judge(cold.tokens[next++] as string)
  // A server has compiled what it runs: V8 does so after some thousands of tokens.
  while (next < 15_000) coldOnce()
  const bareOnce = (index: number): void => {
    const { input, signature } = cold.parts[index % cold.parts.length] as (typeof cold.parts)[number]
    if (!verifySignature('sha256', input, { key: cold.publicKey, dsaEncoding: 'ieee-p1363' }, signature))
      throw new Error('bad')
  }
  // Short turns and many: the speed of a shared machine changes within a second.
  const ratio = compare(
    () => perSecond(coldOnce, 40),
    () => perSecond(bareOnce, 40),
    31,
  )
  verifier.close()
  await installation.stop()
  return [
    { name: 'SDK, warm API key with a rate limit', value: warmKey, unit: '/s', goal: { atLeast: 500_000 } },
    { name: 'SDK, warm JWT', value: warmJwt, unit: '/s', goal: { atLeast: 500_000 } },
    { name: 'SDK, JWT not seen before (ES256)', value: ratio.a, unit: '/s' },
    { name: 'bare crypto.verify (ES256)', value: ratio.b, unit: '/s' },
    { name: 'SDK, JWT not seen before, of bare crypto.verify', value: ratio.ratio, unit: '', goal: { atLeast: 0.85 } },
  ]
}

/** Tokens as the token endpoint issues them, and their parts for the bare primitive. */
async function coldTokens({ server, clientId }: Awaited<ReturnType<typeof startInstallation>>, count: number) {
  const { services } = server
  const tenant = services.tenant('')
  const client = await services.store.lookup.client('default', clientId)
  const api = await services.store.read.apis.findByAudience('default', audience)
  if (tenant === undefined || client === undefined || api === undefined)
    throw new Error('the installation is not whole')
  const [jwk] = await services.signingKeys.published('default', 'access_token')
  const publicKey = createPublicKey({ key: { ...jwk }, format: 'jwk' })
  const tokens = []
  const parts = []
  for (let index = 0; index < count; index++) {
    const { text } = await atOneMoment(services, tenant, (moment) =>
      issueJwt(services, {
        tenant,
        moment,
        client,
        api,
        authorities: [],
        subject: clientId,
        issuable: requireIssuable({ moment, client, api, requested: 'orders:read', ttlSeconds: 3_000 }),
      }),
    )
    const token = text.reveal()
    const dot = token.lastIndexOf('.')
    tokens.push(token)
    parts.push({ input: Buffer.from(token.slice(0, dot)), signature: Buffer.from(token.slice(dot + 1), 'base64url') })
  }
  return { tokens, parts, publicKey }
}
