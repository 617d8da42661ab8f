/** Our gateway in a process of its own, its engine fed by the server over HTTP; `open` is the same without the engine. */
import { randomUUID } from 'node:crypto'
import { type AssertionSource, createGateway } from '@countersign/gateway'
import { readDocument, readOperations } from '@countersign/openapi'
import { connect, createFailures, type Engine } from '@countersign/verifier/engine'
import { listenServer } from '../../bare_answers.ts'
import { answerQuestions } from '../answering.ts'
import type { Fixture } from '../fixture.ts'

interface Parameter {
  readonly fixture: Fixture
  readonly upstream: string
  /** Tells every request yes without looking. */
  readonly open: boolean
}

answerQuestions(async ({ fixture, upstream, open }: Parameter) => {
  const { url: issuer, audience, verifierKey: credential, jwt } = fixture
  const { engine, keeper, ready } = connect({ issuer, audience, credential })
  await ready()
  const question = { credential: jwt, audience, requires: [[]], address: undefined, origin: undefined }
  const outcome = await engine.verify(question)
  if (outcome.outcome !== 'verified') throw new Error('the JWT of the run is not verified')
  const always: Engine = { ...engine, verify: () => outcome }
  const { server } = createGateway({
    engine: open ? always : engine,
    keeper,
    description: describeOrders(fixture.scope),
    upstream: new URL(upstream),
    audience,
    assertions: assertionsOf(fixture),
    trustedProxies: [],
    failures: createFailures(() => Date.now() / 1000),
    now: () => Date.now() / 1000,
    nextRequestId: () => `req_${randomUUID()}`,
  })
  return { told: await listenServer(server) }
})

function describeOrders(scope: string) {
  const document = {
    openapi: '3.1.0',
    info: { title: 'bench', version: '1' },
    paths: { '/orders': { get: { security: [{ key: [scope] }] } } },
  }
  return readOperations(readDocument(JSON.stringify(document)))
}

/** From the server, as a gateway of its own has them; kept per grant. */
function assertionsOf({ url, audience, verifierKey }: Fixture): AssertionSource {
  return async ({ credential }) => {
    const response = await fetch(`${url}/v1/assertions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${verifierKey}` },
      body: JSON.stringify({ credential, audience }),
    })
    const { assertion, expiresAt } = (await response.json()) as {
      readonly assertion: string
      readonly expiresAt: string
    }
    return { assertion, expiresAt: Date.parse(expiresAt) / 1000 }
  }
}
