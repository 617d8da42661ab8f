/** The rules of the modelled store and network. Each can be left out, and then the simulator must notice. */
export interface Rules {
  /** A snapshot and its place come from one read. */
  readonly snapshotIsWhole: boolean
  /** A restored copy has a new epoch and numbers far above the old ones. */
  readonly epochsDiffer: boolean
  /** An epoch that begins because the database went back raises the recorded cut-offs. */
  readonly cutOffsAreRaised: boolean
  /** Clean-up and snapshots go by the drop time, not by the clock of whoever runs them. */
  readonly removesByDropTime: boolean
  /** The drop time is moved only by whoever saw its last move. */
  readonly dropTimeIsCompared: boolean
}

export const allRules: Rules = {
  snapshotIsWhole: true,
  epochsDiffer: true,
  cutOffsAreRaised: true,
  removesByDropTime: true,
  dropTimeIsCompared: true,
}
