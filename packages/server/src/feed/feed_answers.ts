/**
 * The answers of this process about its feed (docs/protocol/feed.md), without HTTP: the endpoints call these, and so does the
 * simulator. Each takes the few services it needs.
 */
import type {
  CredentialRecord,
  FeedEntry,
  HandBackAnswer,
  HandBackQuestion,
  LookupAnswer,
  Place,
  PositionAnswer,
  PositionQuestion,
  PublicKeyRecord,
  SealedPlace,
  Seconds,
} from '@countersign/core'
import type { Services } from '../context.ts'
import { serverLimits } from '../limits.ts'
import { applyHandedBack } from '../restore/handed_back.ts'
import type { Taking } from '../restore/taken.ts'
import type { SharedSnapshot } from './snapshots.ts'

export interface SnapshotHead {
  readonly tenant: string
  readonly issuer: string
  readonly place: Place
  readonly seal: string
  readonly now: Seconds
  readonly dropTime: Seconds
}

/** A snapshot and what is said before its entries. */
export async function readSnapshot(
  { snapshots, seals, now }: Pick<Services, 'snapshots' | 'seals' | 'now'>,
  { id, issuer }: { readonly id: string; readonly issuer: string },
): Promise<{ readonly head: SnapshotHead; readonly snapshot: SharedSnapshot }> {
  const snapshot = await snapshots.read(id)
  const { place, dropTime } = snapshot
  return { head: { tenant: id, issuer, place, seal: seals.seal(id, place), now: now(), dropTime }, snapshot }
}

/** Up to a page of entries after a place in the log, as they go out. */
export async function readPage(
  { store, macs, seals }: Pick<Services, 'store' | 'macs' | 'seals'>,
  tenant: string,
  place: Place,
  entriesMax: number = serverLimits.feedPageMax,
): Promise<readonly FeedEntry[]> {
  const entries = await store.feed.after(tenant, place.sequence, entriesMax)
  return seals.sealLast(
    tenant,
    place.epoch,
    entries.map((entry) => macs.mark(tenant, entry)),
  )
}

/**
 * The head as this process's book has it, and how old that knowledge is: one staleness budget from the database to the
 * verifier (docs/protocol/feed.md §3). A question that needs younger knowledge has it fetched. `undefined`: nobody can
 * tell here.
 */
export async function answerPosition(
  services: Pick<Services, 'store' | 'books' | 'seals' | 'now'>,
  tenant: string,
  question: Omit<PositionQuestion, 'verifierId' | 'sealed'> & { readonly sealed?: SealedPlace | undefined },
): Promise<PositionAnswer | undefined> {
  const { books, seals } = services
  const { nonce, epoch, sequence, chain, maxStalenessSeconds, sealed } = question
  if (sealed !== undefined) await hearSeal(services, tenant, sealed)
  if (books.ageMs() > (maxStalenessSeconds * 1000) / ageShare) await books.refresh()
  // Another process may be ahead of this one, and told the asker so.
  if (sequence > headOf(services, tenant).sequence) await books.poll()
  const ageMs = books.ageMs()
  const head = headOf(services, tenant)
  if (!Number.isFinite(ageMs)) return undefined
  // Above the head, or not in the log: for the asker alone to load anew. Receipts count it for nothing.
  const isKnown = await isInLog(services, tenant, { epoch, sequence, chain })
  return {
    nonce,
    epoch: head.epoch,
    head: head.sequence,
    ageMs,
    now: services.now(),
    dropTime: books.dropTime(),
    seal: seals.seal(tenant, head),
    ...(isKnown ? {} : { reload: true }),
  }
}

/** Knowledge older than this part of the asker's bound is fetched anew before it is handed on. */
const ageShare = 6

/**
 * A sealed place that this log does not have proves that the database went back. Anybody with a verifier's key can name one
 * that was never sealed: so the MAC is looked at before the database is.
 */
async function hearSeal(
  services: Pick<Services, 'books' | 'seals'>,
  tenant: string,
  sealed: SealedPlace,
): Promise<void> {
  const { books, seals } = services
  const head = headOf(services, tenant)
  const { epoch, sequence, chain } = sealed
  const isOfNow = epoch === head.epoch
  if (sequence <= head.sequence && !isOfNow) return
  const known = sequence === head.sequence ? head.chain : books.recentChain(tenant, sequence)
  if (isOfNow && known === chain) return
  if (seals.holds(tenant, sealed)) await books.claim({ tenant, epoch, sequence, chain })
}

function headOf({ books }: Pick<Services, 'books'>, tenant: string): Place {
  return books.book(tenant)?.place ?? { epoch: '', sequence: 0, chain: '' }
}

/** Whether the place is one in this very log: same epoch, and the same history up to it. */
export async function isInLog(
  { store, books }: Pick<Services, 'store' | 'books'>,
  tenant: string,
  place: Place,
): Promise<boolean> {
  const head = headOf({ books }, tenant)
  if (place.epoch !== head.epoch) return false
  // Nearly everybody who asks is where the book is: no need to ask the database.
  if (place.sequence === head.sequence && head.chain !== '') return head.chain === place.chain
  const recent = books.recentChain(tenant, place.sequence)
  const chain = recent ?? (await store.feed.chainAt(tenant, place.sequence))
  return chain !== undefined && chain === place.chain
}

/**
 * Takes back the revocations of verifiers, as far as they were said here. `other_epoch`: they were owed to another
 * history.
 */
export async function takeHandedBack(
  services: Pick<Services, 'store' | 'books' | 'macs' | 'master' | 'now'>,
  tenant: string,
  question: Omit<HandBackQuestion, 'cutOffs'> & { readonly cutOffs?: HandBackQuestion['cutOffs'] | undefined },
  cause: Taking['cause'],
): Promise<HandBackAnswer | 'other_epoch'> {
  const { macs } = services
  const given = question.cutOffs ?? []
  if (!(await isOfEpoch(services, tenant, question.epoch))) return 'other_epoch'
  const revocations = question.revocations.filter((each) => macs.holds(tenant, each))
  const cutOffs = given.filter((each) => macs.holdsCutOff(tenant, each))
  if (await isLeftFor(services, tenant, Math.max(0, ...cutOffs.map(({ sequence }) => sequence)))) return 'other_epoch'
  const refused = question.revocations.length - revocations.length + given.length - cutOffs.length
  return { ...(await applyHandedBack(services, tenant, { revocations, cutOffs }, cause)), refused }
}

/** A snapshot of another epoch says nothing of what this one lacks. */
async function isOfEpoch({ books }: Pick<Services, 'books'>, tenant: string, epoch: string): Promise<boolean> {
  const isOurs = (): boolean => books.book(tenant)?.place.epoch === epoch
  // Another process may have found the change of epoch first, and told the asker so.
  return isOurs() || ((await books.poll()) && isOurs())
}

/** A genuine cut-off with a number above the head proves that the database went back: another epoch begins first. */
async function isLeftFor({ books }: Pick<Services, 'books'>, tenant: string, sequence: number): Promise<boolean> {
  const place = (): Place | undefined => books.book(tenant)?.place
  const before = place()
  if (sequence <= (before?.sequence ?? 0)) return false
  await books.claim({ tenant, sequence })
  return place()?.epoch !== before?.epoch
}

/** Where an asker stands, as far as it says so. */
export interface AskedFrom {
  readonly epoch?: string | undefined
  readonly sequence?: number | undefined
}

/** A server behind the asker's place catches up from the primary first. False: it could not, and answers no look-up. */
export async function catchUp({ books }: Pick<Services, 'books'>, tenant: string, asked: AskedFrom): Promise<boolean> {
  const isBehind = (): boolean => {
    const place = books.book(tenant)?.place
    return place === undefined || (asked.epoch === place.epoch && (asked.sequence ?? 0) > place.sequence)
  }
  if ((isBehind() || !books.isFresh()) && !(await books.poll())) return false
  return !isBehind()
}

export type LookedFor = { readonly digest: string } | { readonly clientId: string; readonly kid: string }

/** Read now, after the place was taken: the record is not behind it. `undefined`: there is no book here. */
export async function lookUpRecord(
  { store, books }: Pick<Services, 'store' | 'books'>,
  tenant: string,
  wanted: LookedFor,
): Promise<LookupAnswer<CredentialRecord> | LookupAnswer<PublicKeyRecord> | undefined> {
  const place = books.book(tenant)?.place
  if (place === undefined) return undefined
  if ('digest' in wanted) {
    const record = await store.lookup.credential(tenant, wanted.digest)
    return { record, place, ageMs: 0 } satisfies LookupAnswer<CredentialRecord>
  }
  const record = await store.lookup.publicKey(tenant, wanted.clientId, wanted.kid)
  return { record, place, ageMs: 0 } satisfies LookupAnswer<PublicKeyRecord>
}
