/** A long-lived key stays at home: what goes out is a token exchanged from it, narrower, short-lived, dead with the key. */
import { exchangeToken } from '@countersign/client'

const {
  COUNTERSIGN_URL: issuer = '',
  CLIENT_ID: clientId = '',
  CLIENT_SECRET: clientSecret = '',
  KEY: subjectToken = '',
  API = '',
} = process.env
const { accessToken } = await exchangeToken({ issuer, clientId, clientSecret, subjectToken, scope: 'orders:read' })

const response = await fetch(`${API}/orders`, { headers: { authorization: `Bearer ${accessToken}` } })
console.log(response.status)
