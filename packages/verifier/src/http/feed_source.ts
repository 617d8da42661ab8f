import type { FeedEntry, PositionAnswer, Subject } from '@countersign/core'
import type { FeedSource, SnapshotStream } from '../feed_source.ts'
import type { HttpClient } from './client.ts'
import { readLines } from './lines.ts'

/** A snapshot comes in one go: a pause this long in the middle of it is an end. */
const snapshotSilenceMs = 5_000

/** The feed over HTTP: contract.md §5. Snapshots and streams are lines of JSON; the stream is server-sent events. */
export function createHttpFeedSource(client: HttpClient): FeedSource {
  return {
    async snapshot(signal) {
      const response = await client.get('/v1/feed/snapshot', 'application/x-ndjson', signal)
      const lines = readLines(response, snapshotSilenceMs)
      const first = await lines.next()
      if (first.done === true) throw new Error('the snapshot is empty')
      const head = JSON.parse(first.value) as Omit<SnapshotStream, 'entries'>
      return { ...head, entries: readSubjects(lines) }
    },
    position: (question, signal) => client.post('/v1/feed/position', question, signal) as Promise<PositionAnswer>,
    async entries(place, signal) {
      const response = await client.get(feedPath(place), 'application/json', signal)
      const answer = (await response.json()) as { readonly entries?: readonly FeedEntry[]; readonly reload?: true }
      return answer.entries === undefined ? 'reload' : { entries: answer.entries }
    },
    async stream(place, onEntry, signal) {
      const response = await client.get(feedPath(place), 'text/event-stream', signal)
      for await (const line of readLines(response)) {
        if (line.startsWith('data: ')) onEntry(JSON.parse(line.slice(6)) as FeedEntry)
      }
    },
  }
}

/** The last line says how many came before it: a snapshot cut off in the middle is none. */
async function* readSubjects(lines: AsyncIterable<string>): AsyncGenerator<Subject> {
  let count = 0
  for await (const line of lines) {
    const value = JSON.parse(line) as Subject | { readonly end: number }
    if ('end' in value) {
      if (value.end !== count) break
      return
    }
    count++
    yield value
  }
  throw new Error('the snapshot was cut off')
}

function feedPath(place: { readonly epoch: string; readonly sequence: number; readonly chain: string }): string {
  const query = new URLSearchParams({ after: String(place.sequence), epoch: place.epoch, chain: place.chain })
  return `/v1/feed?${query}`
}
