/** A client with a registered public key signs its own JWTs: no request to anybody before the call. */
import { signOwnJwt } from '@countersign/client'

const { CLIENT_ID: clientId = '', AUDIENCE: audience = '', PRIVATE_JWK = '{}', API = '' } = process.env
const jwt = await signOwnJwt({
  clientId,
  privateJwk: JSON.parse(PRIVATE_JWK),
  audience,
  scope: 'orders:read',
  ttlSeconds: 60,
})

const response = await fetch(`${API}/orders`, { headers: { authorization: `Bearer ${jwt}` } })
console.log(response.status)
