import { foldHeaderName } from '@countersign/core'

/** Header fields as `node:http` received them: name, value, name, value, … in order, repeats kept. */
export type RawHeaders = readonly string[]

/** Every value of a field, by its exact name in any case. */
export function valuesOf(rawHeaders: RawHeaders, name: string): readonly string[] {
  const values: string[] = []
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const at = rawHeaders[index] as string
    if (at.length === name.length && at.toLowerCase() === name) values.push(rawHeaders[index + 1] as string)
  }
  return values
}

/** The names that `Connection` lists, folded. These fields end here too. */
export function connectionNames(rawHeaders: RawHeaders): ReadonlySet<string> {
  const names = new Set<string>()
  for (const value of valuesOf(rawHeaders, 'connection')) {
    for (const name of value.split(',')) names.add(foldHeaderName(name.trim()))
  }
  return names
}
