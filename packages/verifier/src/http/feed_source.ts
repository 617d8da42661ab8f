import type { FeedEntry, FeedObject, HandBackAnswer, Place, PositionAnswer, PositionQuestion } from '@countersign/core'
import type { FeedSource, SnapshotStream } from '../feed/feed_source.ts'
import { type HttpClient, HttpStatusError } from './client.ts'
import { createLineReader, type LineReader } from './lines.ts'

/** A snapshot comes without pauses: after this many milliseconds of silence it has failed. */
const snapshotSilenceMs = 5_000

/**
 * Makes a feed source over HTTP: docs/protocol/feed.md §3. A snapshot is lines of JSON; the stream is server-sent
 * events.
 */
export function createHttpFeedSource(client: HttpClient): FeedSource {
  let isRefused = false
  /** The place of a snapshot that was fetched because the place before it was refused. */
  let reloadedTo: Place | undefined

  return {
    async snapshot(signal) {
      const response = await client.get('/v1/feed/snapshot', 'application/x-ndjson', signal)
      const reader = createLineReader(response, snapshotSilenceMs)
      try {
        const [first, ...others] = (await reader.next()) ?? []
        if (first === undefined) throw new Error('the snapshot is empty')
        const head = readHead(first)
        if (isRefused) reloadedTo = head.place
        return { ...head, entries: readObjects(others, reader) }
      } catch (error) {
        await reader.close()
        throw error
      }
    },
    async position(question, signal) {
      try {
        const answer = (await client.post('/v1/feed/position', question, signal)) as PositionAnswer
        isRefused = false
        reloadedTo = undefined
        return answer
      } catch (error) {
        if (!(error instanceof HttpStatusError) || error.status !== 400) throw error
        // The server refuses its own place as well: the place is not at fault, and loading it again would not help.
        if (isSamePlace(question, reloadedTo)) throw error
        isRefused = true
        return reloadAnswer(question)
      }
    },
    async entries(place, signal) {
      const response = await client.get(feedPath(place), 'application/json', signal)
      const answer = (await response.json()) as { readonly entries?: readonly FeedEntry[]; readonly reload?: true }
      return answer.entries === undefined ? 'reload' : { entries: answer.entries }
    },
    async stream(place, onEntry, signal) {
      const response = await client.get(feedPath(place), 'text/event-stream', signal)
      const reader = createLineReader(response)
      try {
        for (let lines = await reader.next(); lines !== undefined; lines = await reader.next()) {
          for (const line of lines) if (line.startsWith('data: ')) onEntry(JSON.parse(line.slice(6)) as FeedEntry)
        }
      } finally {
        await reader.close()
      }
    },
    async handBack(question, signal) {
      return (await client.post('/v1/feed/revocations', question, signal)) as HandBackAnswer
    },
  }
}

/**
 * A place above the head is a 400 (docs/protocol/feed.md §8): the log ends before it, so only a snapshot helps
 * (docs/protocol/feed.md §1).
 */
function reloadAnswer({ nonce, epoch }: PositionQuestion): PositionAnswer {
  // An answer that says `reload` has no use for a time.
  return { nonce, epoch, head: 0, ageMs: 0, now: 0, reload: true }
}

function isSamePlace(place: Place, other: Place | undefined): boolean {
  return place.epoch === other?.epoch && place.sequence === other.sequence && place.chain === other.chain
}

/** The last line tells the number of lines before it, so that a snapshot cut off in the middle is noticed. */
async function* readObjects(first: readonly string[], reader: LineReader): AsyncGenerator<FeedObject> {
  let count = 0
  try {
    for (let lines: readonly string[] | undefined = first; lines !== undefined; lines = await reader.next()) {
      for (const line of lines) {
        const value = JSON.parse(line) as FeedObject | { readonly end: number }
        if ('end' in value) {
          if (value.end === count) return
          throw cutOff()
        }
        count++
        yield value
      }
    }
    throw cutOff()
  } finally {
    await reader.close()
  }
}

function cutOff(): Error {
  return new Error('the snapshot was cut off')
}

function feedPath(place: { readonly epoch: string; readonly sequence: number; readonly chain: string }): string {
  const query = new URLSearchParams({ after: String(place.sequence), epoch: place.epoch, chain: place.chain })
  return `/v1/feed?${query}`
}

/** Another web server at the issuer's URL answers a page. */
function readHead(line: string): Omit<SnapshotStream, 'entries'> {
  try {
    return JSON.parse(line) as Omit<SnapshotStream, 'entries'>
  } catch {
    throw new Error('the answer is not Countersign’s: the issuer must be the URL of its server')
  }
}
