/** A reverse proxy that does nothing but forward, as one writes it on `node:http`. */
import { Agent, request as ask, createServer } from 'node:http'
import { listenServer } from '../../bare_answers.ts'
import { answerQuestions } from '../answering.ts'

answerQuestions(async ({ upstream }: { readonly upstream: string }) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 })
  const server = createServer((request, response) => {
    const { method, headers } = request
    const forwarded = ask(`${upstream}${request.url}`, { agent, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    forwarded.on('error', () => response.destroy())
    request.pipe(forwarded)
  })
  return { told: await listenServer(server) }
})
