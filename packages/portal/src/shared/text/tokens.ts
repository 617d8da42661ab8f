import { count } from './count.ts'

/** The texts of the list of tokens that are used as keys. */
export const tokens = {
  loading: 'Loading tokens',
  caption: 'JWT keys and opaque tokens',
  formats: { jwt: 'JWT', opaque: 'opaque' },
  unnamed: 'without a name',
  none: 'No token is listed',
  noneDetail: 'JWT keys and opaque tokens stand here. A JWT that was minted for minutes is in no list.',
  noneMatch: 'No token matches',
  noneMatchDetail: 'Nothing has this text and this client, or the address is of another page.',
  clear: 'Show all tokens',
  shown: (many: number) => `${count(many, 'token')} on this page`,
  revoke: 'Revoke',
  revokeFor: (name: string) => `Revoke ${name}`,
  revoked: (name: string) => `${name} is revoked`,
  dialog: {
    title: (name: string) => `Revoke ${name}`,
    detail: 'It ends at once, for good, with every token that came from it.',
    submit: 'Revoke token',
    submitting: 'Revoking…',
  },
} as const
