/** The tables of teams, in the same form as those of `schema.ts`. */
export interface TeamTables {
  readonly teams: {
    tenant: string
    id: string
    name: string
    external_id: string | null
    metadata: string
    status: string
    is_without_member: number
    access: string
    version: number
    created_at: number
    updated_at: number
  }
  readonly memberships: {
    tenant: string
    team_id: string
    account_id: string
    role: string
    version: number
    created_at: number
    updated_at: number
  }
  readonly invitations: {
    tenant: string
    id: string
    team_id: string
    email: string
    email_key: string
    role: string
    digest: string
    invited_by: string | null
    position: number
    created_at: number
    expires_at: number
  }
  readonly access_requests: {
    tenant: string
    id: string
    team_id: string
    api_id: string
    scope: string
    reason: string
    wanted_until: number | null
    status: string
    asked_by: string | null
    decided_at: number | null
    given_scope: string | null
    ends_at: number | null
    added: string | null
    refusal: string | null
    version: number
    created_at: number
    updated_at: number
  }
}
