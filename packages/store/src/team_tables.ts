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
}
