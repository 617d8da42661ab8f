/** A Fastify API behind Countersign. The plugin guards every route registered after it. */
import { countersign, requireScope } from '@countersign/verifier/fastify'
import Fastify from 'fastify'

const app = Fastify()
app.get('/health', async () => ({ status: 'ok' }))
await app.register(async (guarded) => {
  await guarded.register(countersign)
  guarded.get('/orders', { onRequest: requireScope('orders:read') }, async (request) => ({
    caller: request.auth?.clientId,
  }))
  guarded.post('/orders', { onRequest: requireScope('orders:write') }, async (request, reply) =>
    reply.code(201).send({ by: request.auth?.subject }),
  )
})

await app.listen({ port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' })
console.log(JSON.stringify(app.server.address()))
