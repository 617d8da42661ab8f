import { readFileSync } from 'node:fs'
import type { Fixture } from '../fixture.ts'
import type { Case, Subject } from './subject.ts'

/** The JWTs of a case, the same for every verifier: one again and again, or many once each. */
export function jwtsOf(fixture: Fixture, of: Case): Omit<Subject, 'judge'> {
  const { jwt, jwtsFile, refusedJwts: refused } = fixture
  if (of === 'warm_jwt') return { credentials: [jwt], refused }
  return { credentials: JSON.parse(readFileSync(jwtsFile, 'utf8')) as readonly string[], refused, once: true }
}
