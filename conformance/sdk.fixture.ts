/** The SDK in a process of its own: one JSON question a line in, one outcome a line out. Run with `node`. */
import { createInterface } from 'node:readline'
import { createVerifier } from '@countersign/verifier'

const {
  COUNTERSIGN_URL: issuer = '',
  COUNTERSIGN_AUDIENCE: audience = '',
  COUNTERSIGN_KEY: credential = '',
} = process.env
const verifier = createVerifier({
  issuer,
  audience,
  credential,
  maxStalenessSeconds: Number(process.env.MAX_STALENESS ?? 10),
})
await verifier.ready()
process.stdout.write('"ready"\n')

// Each question is asked as it comes, and answered in its turn: a verifier that is cut off makes all of them wait together.
let answered = Promise.resolve()
for await (const line of createInterface({ input: process.stdin })) {
  const { token, ...expectation } = JSON.parse(line) as { readonly token: string; readonly scope?: string }
  const request = new Request('http://api.example/', { headers: { authorization: `Bearer ${token}` } })
  const outcome = verifier.verifyRequest(request, expectation)
  answered = answered.then(async () => void process.stdout.write(`${JSON.stringify(await outcome)}\n`))
}
verifier.close()
