import { readFileSync } from 'node:fs'
import type { Body } from '@countersign/client'
import { CommandError } from './exit.ts'

type Jwks = NonNullable<Body<'createClient'>['jwks']>

/** The JSON of a file that the command line names. */
export function readJsonFile(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    throw new CommandError(isMissing ? 'notFound' : 'error', `${file} ${isMissing ? 'does not exist' : 'is not JSON'}`)
  }
}

/** A JWK Set, or one JWK. What is private never leaves this machine. */
export function readJwks(file: string): Jwks {
  const value = readJsonFile(file) as { readonly keys?: unknown } | undefined
  const keys = (Array.isArray(value?.keys) ? value.keys : [value]) as { readonly [member: string]: unknown }[]
  if (keys.some((key) => typeof key !== 'object' || key === null || 'd' in key || 'k' in key)) {
    throw new CommandError('usage', `${file} must hold public keys: one of them has a private part or is no JWK`)
  }
  return { keys } as Jwks
}
