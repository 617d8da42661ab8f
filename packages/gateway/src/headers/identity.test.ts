import { type Grant, readIdentityHeader } from '@countersign/core'
import { expect, it } from 'vitest'
import { identityHeaders } from './identity.ts'

const grant = { kind: 'api_key', clientId: 'client_1', credentialId: 'key_1', scope: 'a b' } as Grant

it.each(['é', '%C3%A9', ' bob', 'bob', '-', '', '100%', '\r\nX-Admin: 1', '\ud800'])(
  'the subject %j comes back as it is',
  (subject) => {
    const fields = identityHeaders({ ...grant, subject }, 'signed')
    const value = fields[fields.indexOf('X-Countersign-Subject') + 1] as string
    expect(value).toMatch(/^[\x21-\x7e]+$/)
    expect(readIdentityHeader(value)).toBe(subject)
    expect(fields[fields.indexOf('X-Countersign-Scope') + 1]).toBe('a b')
  },
)
