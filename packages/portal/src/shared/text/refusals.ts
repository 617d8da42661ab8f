import { count } from './count.ts'

export const refusalsText = {
  title: 'Recent refusals',
  lead: 'Examples of calls that were refused in the last 24 hours, and why.',
  counts: 'Counts of all calls',
  loading: 'Loading refusals',
  columns: { at: 'Time', request: 'Request', key: 'Key', called: 'Called', why: 'Refused for' },
  why: 'Why?',
  whyOf: (request: string) => `Why was ${request} refused?`,
  byKey: 'Key',
  any: 'any',
  nobody: 'nobody knows it',
  token: 'a token',
  notTold: 'not told',
  missing: 'missing',
  failed: 'Failed',
  failedAt: (place: number, check: string) => `Check ${place}, ${check}`,
  address: 'From',
  noneFailed: 'This server does not know the code. It may be newer than the server.',
  shown: (many: number) => `${count(many, 'example')} on this page`,
  none: 'No call was refused',
  noneDetail:
    'Nothing in the last 24 hours. A refused call is here within seconds; calls without a credential are not.',
  noneMatch: 'No refusal matches',
  noneMatchDetail:
    'It was allowed, is older than 24 hours, or was one of many: only examples are kept. Look at the id as well.',
  noneHere: 'No more refusals',
  noneHereDetail: 'Those of this page are gone.',
  clear: 'Show all refusals',
  ofRequest: 'Request',
} as const
