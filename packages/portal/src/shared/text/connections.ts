import { count } from './count.ts'

/** The texts of Connections. */
export const connections = {
  title: 'Connections',
  lead: 'Applications that you have let in. Each acts in your name, within what you allowed it.',
  loading: 'Loading connections',
  caption: 'Applications that you have let in',
  columns: { application: 'Application', may: 'May', api: 'API', used: 'Last used', since: 'Since' },
  actions: 'Actions',
  verified: 'Verified by this server’s owner',
  unverified: 'Not verified',
  identity: 'to know who you are',
  none: 'No application is let in',
  noneDetail: 'When an application asks to act in your name and you allow it, it stands here, and you can remove it.',
  noneHere: 'No more connections',
  noneHereDetail: 'This page of the list has nothing on it any more.',
  shown: (many: number) => `${count(many, 'connection')} on this page`,
  remove: 'Remove',
  removeFor: (name: string) => `Remove ${name}`,
  dialog: {
    title: (name: string) => `Remove ${name}`,
    detail: 'Every token that it got by your consent ends at once. To come back it has to ask you again.',
    used: (when: string) => `It last asked for access ${when}.`,
    submit: 'Remove application',
    submitting: 'Removing…',
  },
} as const
