/** A Hono API behind Countersign. */
import { protect, requireScope } from '@countersign/verifier/hono'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'

const app = new Hono()
app.get('/health', (c) => c.json({ status: 'ok' }))
app.use('*', protect())
app.get('/orders', requireScope('orders:read'), (c) => c.json({ caller: c.var.auth.clientId }))
app.post('/orders', requireScope('orders:write'), (c) => c.json({ by: c.var.auth.subject }, 201))

serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000), hostname: '127.0.0.1' }, (address) =>
  console.log(JSON.stringify(address)),
)
