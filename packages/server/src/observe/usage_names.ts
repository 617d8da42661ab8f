/**
 * Texts that reports of usage bring and that nothing here knows: each makes rows of its own. A verifier that makes them up
 * without end would fill the database, so of each credential so many are told apart a day.
 */
import { type Seconds, Shares } from '@countersign/core'
import { serverLimits } from '../limits.ts'

export interface UsageNames {
  /** Whether the text is told apart: it was before, today, or there is room for it. */
  admits(tenant: string, credential: string, text: string, now: Seconds): boolean
}

const daySeconds = 86_400

export function createUsageNames(): UsageNames {
  const shares = new Shares(serverLimits.usageNamesMax)
  const byCredential = new Map<string, Set<string>>()
  let day = 0

  function forget(today: number): void {
    if (today === day) return
    day = today
    for (const [name, texts] of byCredential) {
      const [tenant, credential] = JSON.parse(name) as [string, string]
      shares.give({ tenant, credential: `${tenant} ${credential}` }, texts.size)
    }
    byCredential.clear()
  }

  return {
    admits(tenant, credential, text, now) {
      forget(Math.floor(now / daySeconds))
      const name = JSON.stringify([tenant, credential])
      const texts = byCredential.get(name) ?? new Set<string>()
      if (texts.has(text)) return true
      if (texts.size >= serverLimits.usageNamesOfCredentialMax) return false
      if (!shares.take({ tenant, credential: `${tenant} ${credential}` })) return false
      byCredential.set(name, texts.add(text))
      return true
    },
  }
}
