/** The parts of the feed: places, entries, snapshots, what verifiers hand back, and how far each has come. */
import { endlessRevocation, limits } from '@countersign/core'
import { z } from 'zod'
import { objectTypes, openText } from './codes.ts'
import { nameSchemas } from './schema_names.ts'
import * as v from './values.ts'

const mac = z
  .string()
  .regex(/^[A-Za-z0-9_-]{22}$/, 'must be 16 bytes in base64url')
  .describe('The MAC that the server put on it')

export const place = {
  epoch: z.string().max(64).describe('The feed epoch: docs/protocol/feed.md §7'),
  sequence: z.int().min(0).describe('The number of the last entry that was applied'),
}
export const chain = z.string().max(64).describe('The chain digest of that entry')

const identity = z.string().min(1).max(limits.identityBytesMax).describe('The id of the entry')
export const reload = z.literal(true).optional().describe('The place is not in this log: fetch a snapshot')
export const ageMs = z.number().describe('How long before the answer the reading began, in milliseconds')

export const feedPlace = z.object({ ...place, chain })
export const sealedPlace = z.strictObject({ ...place, chain, seal: mac })

const feedObject = z.object({
  type: openText(objectTypes, 'The type of the object'),
  id: z.string().describe('Its id: docs/protocol/feed.md §2'),
  version: z.int().describe('Rises by one with each change of the object; the higher one wins'),
  state: v.json.describe('The whole state of the object, never a difference'),
  dropAt: z.number().describe('A verifier may forget the entry when the drop time is past this'),
  mac: mac.optional(),
  cutOffMacs: v.json.optional().describe('A MAC for each cut-off of a client'),
})

export const feedEntry = feedObject
  .extend({
    sequence: z.int().describe('Its number in the log of the tenant'),
    at: z.number().describe('When the change was made, in seconds since 1970'),
    audit: z.string().describe('The link of the audit event'),
    chain: z.string().describe('The chain digest of the place after this entry'),
    seal: z.string().optional().describe('On the last entry of a page: the seal of the place after it'),
  })
  .describe('An object with its state, and its place in the feed')

const snapshotHead = z.object({
  tenant: z.string().describe('The id of the tenant'),
  issuer: z.string().describe('Its issuer'),
  place: feedPlace.describe('The place of the feed that the snapshot is of'),
  seal: z.string().describe('The seal of that place'),
  now: z.number().describe('The time of the server, in seconds since 1970'),
  dropTime: z.number().describe('Entries that ended before this time may be forgotten'),
})
const snapshotEnd = z.object({ end: z.int().describe('The number of entries; without this line, use none of them') })
export const lines = z.string().describe('JSON, one line each: first the head, then the entries, last their number')
/** The first line, one for each entry, the last line. */
export const snapshotLine = z.union([snapshotHead, feedObject, snapshotEnd])

export const handedBack = z.strictObject({
  type: z.enum(objectTypes).describe('The type of the entry'),
  id: identity,
  dropAt: z
    .int()
    .min(0)
    .max(endlessRevocation)
    .describe('The dropAt of the entry, in whole seconds; 4294967295 where it is later'),
  mac,
})

const cutOffKind = z.enum(['tokens', 'everything'])

export const handedBackCutOff = z.strictObject({
  type: z.enum(['client', 'subject', 'account']).describe('The type of the entry'),
  id: identity,
  what: cutOffKind.describe('Which credentials of the client, subject or account it ended'),
  sequence: z.int().min(1).describe('The number of the entry'),
  at: z.int().min(0).describe('The time of the entry, in whole seconds'),
  mac,
})

export const verifier = z.object({
  id: z.string().describe('Its credential and its own name, with a colon between'),
  clientId: z.string().nullable().describe('The client of that credential; null where nothing lists it'),
  sequence: z.int().nullable().describe('The last entry that it has applied; null in another epoch'),
  maxStalenessSeconds: z.number().describe('Its own bound, in seconds: it refuses when its book is older'),
  askedAt: v.time.describe('When it last asked'),
})

export const receiptLine = z.object({
  id: z.string().describe('Its credential and its own name, with a colon between'),
  appliedAt: v.time.nullable().describe('When it had applied the change; null for not yet'),
  maxStalenessSeconds: z.number().describe('Its own bound, in seconds: it refuses when its book is older'),
  sequence: z.int().nullable().describe('The last entry that it has applied; null in another epoch'),
  askedAt: v.time.describe('When it last asked'),
})

nameSchemas({
  FeedPlace: feedPlace,
  SealedPlace: sealedPlace,
  FeedEntry: feedEntry,
  FeedObject: feedObject,
  SnapshotHead: snapshotHead,
  SnapshotEnd: snapshotEnd,
  SnapshotLine: snapshotLine,
  HandedBack: handedBack,
  CutOffKind: cutOffKind,
  HandedBackCutOff: handedBackCutOff,
  Verifier: verifier,
  ReceiptLine: receiptLine,
})
