/**
 * The secret or public key by which a client proved who it is, looked at again where a token is made
 * (docs/protocol/feed.md §2.3).
 */
import { type PublicKeyRecord, publicKeyId, type Seconds } from '@countersign/core'
import type { Client, ClientSecret } from '@countersign/store'
import type { Services, TenantContext } from '../context.ts'
import type { Kept } from '../feed/kept_records.ts'
import type { SecretRecord } from './client_secrets.ts'
import type { Authority } from './issuing_gate.ts'
import { BehindError } from './issuing_moment.ts'

/** The book names no secrets: whatever it says of the client since the read may be the secret's end. */
export function secretAuthority(
  services: Pick<Services, 'books' | 'now'>,
  tenant: TenantContext,
  { record, sequence }: Kept<SecretRecord>,
): Authority {
  return {
    requireStill() {
      requireUnchangedClient(services, tenant, record.clientId, sequence)
      if (hasEnded(record, services.now())) throw new BehindError()
    },
  }
}

/** `readAt`: the sequence that the book had applied when key and client were read. */
export function publicKeyAuthority(
  services: Pick<Services, 'books'>,
  tenant: TenantContext,
  { clientId, thumbprint }: Pick<PublicKeyRecord, 'clientId' | 'thumbprint'>,
  readAt: number,
): Authority {
  return {
    requireStill() {
      requireUnchangedClient(services, tenant, clientId, readAt)
      const isRevoked = services.books.book(tenant.id)?.isRevoked('public_key', publicKeyId(clientId, thumbprint))
      if (isRevoked !== false) throw new BehindError()
    },
  }
}

function requireUnchangedClient(
  { books }: Pick<Services, 'books'>,
  tenant: TenantContext,
  clientId: string,
  readAt: number,
): void {
  if (books.book(tenant.id)?.isChangedSince('client', clientId, readAt) !== false) throw new BehindError()
}

/**
 * Deleted clients are not found; disabled ones, and those of a disabled tenant, get nothing (CVE-2026-1609 and its
 * kin).
 */
export function isUsable(services: Pick<Services, 'books'>, { tenant, status }: Client): boolean {
  return status === 'active' && services.books.book(tenant)?.state('tenant', tenant)?.status === 'active'
}

export function hasEnded({ expiresAt }: Pick<ClientSecret, 'expiresAt'>, now: Seconds): boolean {
  return expiresAt !== undefined && now >= expiresAt
}
