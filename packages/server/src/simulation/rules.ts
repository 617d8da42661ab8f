/** What the simulated servers hold themselves to. Each can be left out, and then the simulator must notice. */
export interface Rules {
  /** An answer says how old the read is that it was made from. */
  readonly ageIsSaid: boolean
  /** A primary that was replaced counts its age from the last beat that its standby confirmed. */
  readonly replacedIsHonest: boolean
  /** A snapshot and its place come from one read. */
  readonly snapshotIsWhole: boolean
  /** A place is compared with the log: epoch, and chain at that sequence. */
  readonly placeIsChecked: boolean
  /** A server behind the asker's place does not answer look-ups. */
  readonly lookupsAreNotBehind: boolean
  /** An entry about a JWT is kept until its signed end is past, not the end that a change set. */
  readonly dropAtIsSigned: boolean
  /** Beyond that end by the leeway and 300 s. */
  readonly dropAtHasGrace: boolean
  /** A cut-off names a sequence, not a time. */
  readonly cutOffIsSequence: boolean
  /** A restored copy has a new epoch and numbers far above the old ones. */
  readonly epochsDiffer: boolean
  /** An entry gets its number when it commits, so that none appears below one that was read. */
  readonly numberedAtCommit: boolean
}

export const allRules: Rules = {
  ageIsSaid: true,
  replacedIsHonest: true,
  snapshotIsWhole: true,
  placeIsChecked: true,
  lookupsAreNotBehind: true,
  dropAtIsSigned: true,
  dropAtHasGrace: true,
  cutOffIsSequence: true,
  epochsDiffer: true,
  numberedAtCommit: true,
}
