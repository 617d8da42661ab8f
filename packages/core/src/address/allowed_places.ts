/** The places from which a credential may be used, by the constraints of it and of all that it came from. */

import type { Constraints } from '../feed/state.ts'
import { type Address, type AddressRange, isInRange, parseAddressRange } from './address.ts'

/** One set for each constraint: every one of them must be met. */
export interface AllowedPlaces {
  /** The ranges of each constraint. An address must lie in one range of every constraint. */
  readonly addressRanges: readonly (readonly AddressRange[])[]
  /** The origins of each constraint. The origin must be in every one. */
  readonly origins: readonly ReadonlySet<string>[]
}

/** Most credentials have none: they share this. */
const anywhere: AllowedPlaces = { addressRanges: [], origins: [] }

/** Reads constraints once, ready to be compared. */
export function readConstraints(constraints: readonly Constraints[]): AllowedPlaces {
  if (constraints.length === 0) return anywhere
  if (constraints.every((set) => set.ipAllow === undefined && set.originAllow === undefined)) return anywhere
  return {
    addressRanges: constraints.flatMap((set) => (set.ipAllow === undefined ? [] : [set.ipAllow.flatMap(readRange)])),
    origins: constraints.flatMap((set) => (set.originAllow === undefined ? [] : [new Set(set.originAllow)])),
  }
}

/** Compares one address with every set of ranges. Refuses without a known address, and where a set is empty. */
export function allowsAddress({ addressRanges }: AllowedPlaces, address: Address | undefined): boolean {
  return addressRanges.every((ranges) => address !== undefined && ranges.some((range) => isInRange(address, range)))
}

/** A range that cannot be parsed allows nobody. */
function readRange(text: string): readonly AddressRange[] {
  const range = parseAddressRange(text)
  return range === undefined ? [] : [range]
}
