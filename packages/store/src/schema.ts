/**
 * The tables, as `migrations/` makes them. Times are whole seconds, flags are 0 or 1, and JSON is text: `jsonb` would
 * reorder members and refuse U+0000. Every key and index begins with the tenant, but for look-ups of tenants themselves
 * (tenants, slugs) and for the installation's own order of the feed.
 */
import type { PeopleTables } from './records/people/tables.ts'
import type { TeamTables } from './team_tables.ts'

type Json = string

export interface Schema extends PeopleTables, TeamTables {
  readonly schema_migrations: { number: number; name: string; applied_at: number }
  readonly installation: {
    id: number
    epoch: string
    position: number
    history: string | null
    beginning: number
    key_check: string | null
  }
  readonly drop_time: { id: number; time_ms: number; moves: number; boot_id: string | null; boot_ms: number | null }
  readonly leases: { name: string; holder: string; expires_at: number }
  readonly beats: { process: string; count: number; at: number }
  readonly counters: {
    tenant: string
    sequence: number
    chain: string
    audit_sequence: number
    audit_link: string
    audit_mac: string | null
  }
  readonly feed: {
    tenant: string
    sequence: number
    position: number
    type: string
    id: string
    version: number
    state: Json
    drop_at: number
    at: number
    audit: string
    chain: string
  }
  readonly status_entries: {
    tenant: string
    type: string
    id: string
    version: number
    is_revoked: number
    state: Json
    drop_at: number
    sequence: number
    /** Whose entries it counts among: a client, or a family for its tokens. */
    client_id: string | null
  }
  readonly audit: {
    tenant: string
    sequence: number
    at: number
    actor: Json
    action: string
    object_type: string
    object_id: string
    before: Json | null
    after: Json | null
    request_id: string
    link: string
    team_id: string | null
  }
  readonly tenant_slugs: { slug: string; tenant: string }
  readonly tenants: {
    id: string
    slug: string
    name: string
    status: string
    floor: Json | null
    version: number
    created_at: number
    updated_at: number
  }
  readonly apis: {
    tenant: string
    id: string
    audience: string
    name: string
    status: string
    token_ttl_seconds: number
    token_ttl_seconds_max: number
    token_format: string
    signing_alg: string
    scope_claim: string
    max_staleness_seconds: number
    is_built_in: number
    created_sequence: number
    scopes: Json
    retired_scopes: Json | null
    credential_headers: Json | null
    account_scope: string
    self_service_scope: string
    on_request_scope: string
    call_url: string | null
    resources: Json | null
    rate_limit: Json | null
    rate_limits: Json | null
    version: number
    created_at: number
    updated_at: number
  }
  readonly api_documents: {
    tenant: string
    api_id: string
    text: string
    is_json: number
    description: Json
    imported_at: number
  }
  readonly clients: {
    tenant: string
    id: string
    name: string
    type: string
    status: string
    team_id: string | null
    own: Json | null
    guards: Json
    authority: Json
    sign_in: Json | null
    logo_uri: string | null
    logo_digest: string | null
    homepage_uri: string | null
    metadata: Json
    self_issued_life_seconds_max: number
    cut_off: number
    cut_offs: Json | null
    rate_limit: Json | null
    rate_limits: Json | null
    version: number
    created_at: number
    updated_at: number
  }
  readonly api_resources: { tenant: string; resource: string; api_id: string }
  readonly client_origins: { tenant: string; client_id: string; origin: string }
  readonly client_access: { tenant: string; client_id: string; api_id: string; scope: string }
  readonly client_secrets: {
    tenant: string
    id: string
    client_id: string
    digest: string
    created_at: number
    expires_at: number | null
  }
  readonly client_jwks: {
    tenant: string
    client_id: string
    kid: string
    thumbprint: string
    alg: string
    public_jwk: Json
    created_at: number
  }
  readonly issuers: {
    tenant: string
    id: string
    issuer: string
    client_id: string
    audience: string
    scope: string
    rules: Json
    status: string
    jwks_uri: string | null
    keys: Json
    asked_at: number
    fetched_at: number | null
    fetch_at: number | null
    failures: number
    fault: string | null
    version: number
    created_at: number
    updated_at: number
  }
  readonly keys: {
    tenant: string
    id: string
    digest: string
    prefix: string
    environment: string
    client_id: string
    api_id: string
    scope: string
    name: string
    subject: string | null
    status: string
    expires_at: number | null
    life_seconds: number | null
    metadata: Json
    ip_allow: Json | null
    origin_allow: Json | null
    rate_limit: Json | null
    rate_limits: Json | null
    rolled_from: string | null
    version: number
    created_at: number
    updated_at: number
  }
  readonly tokens: {
    tenant: string
    jti: string
    format: string
    digest: string | null
    prefix: string | null
    client_id: string
    api_id: string
    subject: string
    subject_issuer: string | null
    external_subject: string | null
    name: string
    metadata: Json
    issued_scope: string
    issued_expires_at: number
    scope: string | null
    expires_at: number | null
    status: string
    environment: string | null
    lineage: Json
    inherited: Json
    rate_limit: Json | null
    rate_limits: Json | null
    limit_id: string
    position: number
    version: number
    created_at: number
    updated_at: number
  }
  readonly signing_keys: {
    tenant: string
    kid: string
    alg: string
    purpose: string
    public_jwk: Json
    sealed_private_jwk: Uint8Array | null
    published_at: number
    signs_at: number
    retired_at: number | null
    leaves_at: number | null
    status: string
    version: number
  }
  readonly idempotency: {
    tenant: string
    caller: string
    method: string
    path: string
    key_digest: string
    body_digest: string
    status: number | null
    sealed_answer: Uint8Array | null
    created_at: number
    expires_at: number
  }
  readonly single_use: {
    tenant: string
    namespace: string
    value_digest: string
    expires_at: number
    content: Json | null
  }
  readonly refusals: {
    tenant: string
    id: string
    at: number
    request_id: string
    credential_id: string
    client_id: string
    method: string | null
    route: string | null
    code: string
    missing_scope: string
    scope: string
    address: string | null
  }
  readonly usage_batches: { tenant: string; batch_id: string; at: number }
  readonly usage_sums: {
    tenant: string
    interval_seconds: number
    at: number
    credential_id: string
    client_id: string
    scope: string
    outcome: string
    count: number
    rolled: number
  }
  readonly operation_uses: {
    tenant: string
    audience: string
    at: number
    method: string
    route: string
    outcome: string
    count: number
  }
  readonly last_uses: { tenant: string; key_id: string; scope: string; at: number; address: string | null }
  readonly verifier_positions: {
    tenant: string
    verifier_id: string
    epoch: string
    sequence: number
    max_staleness_seconds: number
    asked_at: number
    reached_at: number
  }
}
