import type { InstallationEntry } from '@countersign/store'
import { serverLimits } from '../../limits.ts'

/** Chain values by tenant and sequence, oldest first; beyond `recentChainsMax` the oldest is forgotten. */
export class RecentChains {
  readonly #chains = new Map<string, string>()

  add({ tenant, sequence, chain }: InstallationEntry): void {
    this.#chains.set(`${tenant} ${sequence}`, chain)
    if (this.#chains.size <= serverLimits.recentChainsMax) return
    for (const oldest of this.#chains.keys()) {
      this.#chains.delete(oldest)
      return
    }
  }

  find(tenant: string, sequence: number): string | undefined {
    return this.#chains.get(`${tenant} ${sequence}`)
  }

  clear(): void {
    this.#chains.clear()
  }
}
