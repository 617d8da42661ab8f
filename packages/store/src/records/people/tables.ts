/** The tables of people, in the same form as those of `../../schema.ts`. */
export interface PeopleTables {
  readonly accounts: {
    tenant: string
    id: string
    email: string | null
    email_key: string | null
    email_verified: number
    external_subject: string | null
    name: string
    status: string
    role: string | null
    scope: string
    access: string
    version: number
    created_at: number
    updated_at: number
  }
  readonly consents: {
    tenant: string
    id: string
    account_id: string
    client_id: string
    api_id: string
    scope: string
    status: string
    position: number
    last_used_at: number
    version: number
    created_at: number
    updated_at: number
  }
  readonly families: {
    tenant: string
    id: string
    consent_id: string
    account_id: string
    client_id: string
    api_id: string
    scope: string
    sign_in: string | null
    digest: string
    counter: number
    rotated_at: number
    idle_at: number
    status: string
    position: number
    expires_at: number
    version: number
    created_at: number
    updated_at: number
  }
  readonly identities: {
    tenant: string
    account_id: string
    kind: string
    content: string
    version: number
    created_at: number
    updated_at: number
  }
  readonly passkeys: {
    tenant: string
    id: string
    account_id: string
    user_handle: string
    name: string
    public_key: string
    counter: number
    transports: string
    is_synced: number
    last_used_at: number | null
    version: number
    created_at: number
    updated_at: number
  }
  readonly sessions: {
    tenant: string
    id: string
    digest: string
    prefix: string
    client_id: string
    api_id: string
    account_id: string
    status: string
    position: number
    amr: string
    authenticated_at: number
    last_seen_at: number
    expires_at: number
    user_agent: string
    address: string | null
    stepped_up_at: number | null
    former_digest: string | null
    former_until: number | null
    portal: string | null
    version: number
    created_at: number
    updated_at: number
  }
  readonly settings: {
    tenant: string
    content: string
    version: number
    created_at: number
    updated_at: number
  }
  readonly logos: {
    tenant: string
    digest: string
    type: string
    content: string
    created_at: number
  }
}
