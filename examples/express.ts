/** An Express API behind Countersign. COUNTERSIGN_URL, COUNTERSIGN_AUDIENCE and COUNTERSIGN_KEY say where and as whom. */
import { protect, requireScope } from '@countersign/verifier/express'
import express from 'express'

const app = express()
app.get('/health', (_, response) => response.json({ status: 'ok' }))
app.use(protect())
app.get('/orders', requireScope('orders:read'), (request, response) =>
  response.json({ caller: request.auth?.clientId }),
)
app.post('/orders', requireScope('orders:write'), (request, response) =>
  response.status(201).json({ by: request.auth?.subject }),
)

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () =>
  console.log(JSON.stringify(server.address())),
)
