/** A machine gets a token by client credentials, calls the API with it, and renews it by itself from then on. */
import { createTokenSource } from '@countersign/client'

const {
  COUNTERSIGN_URL: issuer = '',
  CLIENT_ID: clientId = '',
  CLIENT_SECRET: clientSecret = '',
  API = '',
} = process.env
const tokens = createTokenSource({ issuer, clientId, clientSecret, scope: 'orders:read' })

const response = await fetch(`${API}/orders`, { headers: { authorization: `Bearer ${await tokens.token()}` } })
console.log(response.status)
