/** The tables of settings and pictures, in the same form as those of `schema.ts`. */
export interface SettingsTables {
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
