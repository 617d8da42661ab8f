import type { Pace } from '../comparison.ts'
import type { Fixture } from '../fixture.ts'
import type { SystemProcess } from '../system_process.ts'

/** Shared by every comparison of a run. */
export interface Context {
  readonly server: SystemProcess<Fixture>
  /** Removed with everything in it when the run ends. */
  readonly directory: string
  readonly pace: Pace
}
