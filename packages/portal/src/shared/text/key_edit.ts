import { count } from './count.ts'

/** The texts of the form that changes a key. */
export const keyEdit = {
  title: 'Edit this key',
  lead: 'The key itself stays as it is: only what it may do, and until when.',
  note: 'Note',
  scope: 'What it may do',
  limits: 'Its limits',
  ends: 'Ends',
  stays: (when: string) => `as it is: ${when}`,
  submit: 'Save changes',
  submitting: 'Saving…',
  nothing: 'Nothing is changed yet.',
  saved: (name: string) => `${name} is changed`,
  /** In place of the words about a key that was revoked. */
  receipt: {
    receipt: (applied: number, total: number) => `In force at ${applied} of ${count(total, 'verifier')}`,
    own: 'In force at this server, and no other verifier was following',
  },
  gained: (many: number) => `It could also call ${count(many, 'operation')}`,
  gainedNone: 'It could call no further operation that the API’s document describes.',
  gainedUnknown: 'The API has no document, so nobody can tell which operations this opens.',
  gainedAsking: 'Asking which operations this opens',
  more: (many: number) => `and ${count(many, 'more', 'more')}`,
  lost: (many: number) => `${count(many, 'call')} of the last 7 days would have been refused`,
  lostNone: 'No call of the last 7 days needed what is taken away.',
  lostAsking: 'Asking which calls needed it',
  lostBy: (many: number) => count(many, 'call'),
  needed: 'needed',
} as const
