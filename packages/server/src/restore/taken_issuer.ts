/** Takes from a restored trusted issuer what a later state lacks: it may lose keys, rules and scope, and gain none. */
import { formatScope, intersectScope, parseScope, type TrustedIssuerState } from '@countersign/core'
import type { Issuer } from '@countersign/store'
import { trustedIssuerObject } from '../feed/objects.ts'
import { append, type Taking } from './taken.ts'

/** Resolves to whether anything was changed. */
export async function takeIssuer(taking: Taking, issuer: Issuer, later: TrustedIssuerState): Promise<boolean> {
  const { it, now } = taking
  const { tenant, id } = issuer
  const changed = later.status === 'revoked' ? { ...issuer, status: later.status } : narrowed(issuer, later)
  if (JSON.stringify(changed) === JSON.stringify(issuer)) return false
  const next: Issuer = { ...changed, version: issuer.version + 1, updatedAt: Math.floor(now) }
  if (next.status === 'revoked') await it.issuers.delete(tenant, id)
  else await it.issuers.update(next)
  append(taking, tenant, 'trusted_issuer', id, trustedIssuerObject(next, now))
  return true
}

/** Where it acted as another client later, or under another name, nothing of it is left: which of both is right is not known. */
function narrowed(issuer: Issuer, later: TrustedIssuerState): Issuer {
  const isOther =
    issuer.clientId !== later.clientId || issuer.issuer !== later.issuer || issuer.audience !== later.audience
  if (isOther) return { ...issuer, status: 'disabled' }
  const laterRules = new Set(later.rules.map((rule) => JSON.stringify(rule)))
  const laterKeys = new Set(later.keys.map(({ thumbprint }) => thumbprint))
  return {
    ...issuer,
    status: later.status === 'active' ? issuer.status : later.status,
    scope: formatScope(intersectScope(parseScope(issuer.scope), parseScope(later.scope))),
    rules: issuer.rules.filter((rule) => laterRules.has(JSON.stringify(rule))),
    keys: issuer.keys.filter(({ thumbprint }) => laterKeys.has(thumbprint)),
  }
}
