/** A handler from `Request` to `Response`, as Deno, Bun and workers take it; here it answers three requests and ends. */
import { createVerifier } from '@countersign/verifier'
import { protect } from '@countersign/verifier/fetch'

const {
  COUNTERSIGN_URL: issuer = '',
  COUNTERSIGN_AUDIENCE: audience = '',
  COUNTERSIGN_KEY: credential = '',
  KEY = '',
} = process.env
const verifier = createVerifier({ issuer, audience, credential })
const orders = protect({ verifier, scope: 'orders:read' })((request) =>
  Response.json({ caller: request.auth.clientId }),
)

for (const authorization of [undefined, `Bearer ${KEY}`, 'Bearer nonsense']) {
  const request = new Request(
    'https://api.example/orders',
    authorization === undefined ? {} : { headers: { authorization } },
  )
  console.log((await orders(request)).status)
}
verifier.close()
