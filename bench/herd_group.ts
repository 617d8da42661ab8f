/** So many bare followers: `herd_group.ts URL CREDENTIAL COUNT`. `start` and `again`: snapshot, question, stream, for each. */
import { Agent, type ClientRequest, request } from 'node:http'
import { createInterface } from 'node:readline'

const [url = '', credential = '', given = '0'] = process.argv.slice(2)
const count = Number(given)
const authorization = `Bearer ${credential}`
const agent = new Agent({ keepAlive: true, maxSockets: 64 })
let streams: ClientRequest[] = []

for await (const order of createInterface({ input: process.stdin })) {
  for (const stream of streams) stream.destroy()
  streams = []
  if (order === 'start' || order === 'again') {
    // Full jitter over a second, as the SDK does.
    await Promise.all(Array.from({ length: count }, (_, index) => follow(index, Math.random() * 1_000)))
    process.stdout.write('{}\n')
  }
}

async function follow(index: number, delayMs: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, delayMs))
  for (;;) {
    try {
      const snapshot = await ask('GET', '/v1/feed/snapshot')
      const { place } = JSON.parse(snapshot.slice(0, snapshot.indexOf('\n')))
      const body = { verifierId: `v${process.pid}-${index}`, ...place, nonce: 'n', maxStalenessSeconds: 10 }
      const answer = JSON.parse(await ask('POST', '/v1/feed/position', JSON.stringify(body)))
      if (answer.reload === true) continue
      streams.push(await openStream(place))
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 900))
    }
  }
}

function ask(method: string, path: string, body?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
    const asked = request(url + path, { method, agent, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => (response.statusCode === 200 ? resolve(text) : reject(new Error(text))))
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

function openStream(place: { readonly sequence: number; readonly epoch: string; readonly chain: string }) {
  const query = new URLSearchParams({ after: String(place.sequence), epoch: place.epoch, chain: place.chain })
  return new Promise<ClientRequest>((resolve, reject) => {
    const headers = { authorization, accept: 'text/event-stream' }
    const asked = request(`${url}/v1/feed?${query}`, { agent: false, headers }, (response) => {
      response.resume()
      response.on('error', () => {})
      if (response.statusCode === 200) resolve(asked)
      else reject(new Error(String(response.statusCode)))
    })
    asked.on('error', reject)
    asked.end()
  })
}
