import { count } from './count.ts'

const keysOf = (many: number): string => count(many, 'key')

/** The texts of what is done to several keys at once. */
export const bulk = {
  title: 'Selected keys',
  picked: (many: number) => `${keysOf(many)} selected`,
  none: 'No key is selected',
  all: 'Select all of this page',
  clear: 'Clear',
  disable: (many: number) => `Disable ${many}`,
  extend: (many: number, days: number) => `Extend ${many} by ${days} days`,
  revoke: (many: number) => `Revoke ${many}`,
  doing: (done: number, many: number) => `${done} of ${keysOf(many)}…`,
  disabled: (many: number) => `${keysOf(many)} ${many === 1 ? 'is' : 'are'} disabled`,
  enabled: (many: number) => `${keysOf(many)} ${many === 1 ? 'is' : 'are'} active again`,
  extended: (many: number) => `${keysOf(many)} ${many === 1 ? 'ends' : 'end'} later`,
  revoked: (many: number) => `${keysOf(many)} ${many === 1 ? 'is' : 'are'} revoked`,
  failed: (many: number) => `${keysOf(many)} could not be changed`,
  left: (many: number) => `${keysOf(many)} ${many === 1 ? 'was' : 'were'} not tried`,
  dialog: {
    title: (many: number) => `Revoke ${keysOf(many)}`,
    detail: 'They end at once, for good, with every token that came from them.',
    used: (many: number) => `${count(many, 'call')} with them in 24 h.`,
    unused: 'No call with them in 24 h.',
    last: (name: string, when: string) => `${name} was used last, ${when}.`,
    more: (many: number) => `and ${many} more`,
    type: (many: number) => `Type ${many} to revoke them`,
    submit: 'Revoke keys',
    submitting: 'Revoking…',
  },
} as const
