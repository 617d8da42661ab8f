/** A JSON schema for people: its type in words, what it allows, and its members. References are followed as far as one looks. */

import { reference } from '../../shared/text/reference.ts'
import { follow, nameOfReference } from './follow.ts'
import { entriesOf, type JsonObject, listOf, member, textOf } from './json.ts'

export interface Member {
  readonly name: string
  readonly schema: unknown
  readonly isRequired: boolean
}

export interface Shape {
  /** `array of Order`, `string (date-time) or null`. */
  readonly type: string
  readonly description: string | undefined
  readonly isDeprecated: boolean
  /** `default 20`, `at most 100`. */
  readonly facts: readonly string[]
  readonly members: readonly Member[]
  readonly alternatives: readonly unknown[]
  /** It goes round: its members are those of a schema above. */
  readonly isCircle: boolean
  /** The references that lead here. */
  readonly through: readonly string[]
  /** References that lead nowhere. */
  readonly broken: readonly string[]
}

const { shape: words } = reference
const mergesMax = 200
const wordsMax = 12
const shownMax = 120

/** `above`: the references around it. */
export function readShape(document: JsonObject, schema: unknown, above: readonly string[] = []): Shape {
  const found = follow(document, schema)
  const { value } = found
  if (found.isBroken) return { ...plain(words.unknown), through: found.through, broken: found.through.slice(-1) }
  if (value === true || value === undefined) return { ...plain(words.anything), through: found.through }
  if (value === false) return { ...plain(words.nothing), through: found.through }
  const name = found.through.length === 0 ? undefined : nameOfReference(found.through.at(-1) ?? '')
  if (found.through.some((reference) => above.includes(reference)))
    return { ...plain(name ?? words.anything), isCircle: true, through: found.through }
  const parts = partsOf(document, value)
  const items = itemsOf(value)
  const around = [...above, ...found.through]
  const inner = items === undefined ? undefined : readShape(document, items, around)
  const own = parts.flatMap((part) => membersOf(part))
  const alternatives = [...listOf(member(value, 'oneOf')), ...listOf(member(value, 'anyOf'))]
  return {
    type: typeOf(value, name, inner, own.length > 0),
    description: textOf(value, 'description') ?? parts.map((part) => textOf(part, 'description')).find(Boolean),
    isDeprecated: member(value, 'deprecated') === true,
    facts: factsOf(value),
    members: own.length > 0 ? [...new Map(own.map((each) => [each.name, each])).values()] : (inner?.members ?? []),
    alternatives: alternatives.length > 0 ? alternatives : (inner?.alternatives ?? []),
    isCircle: inner?.isCircle ?? false,
    through: [...found.through, ...(inner?.through ?? [])],
    broken: inner?.broken ?? [],
  }
}

function plain(type: string): Shape {
  return {
    type,
    description: undefined,
    isDeprecated: false,
    facts: [],
    members: [],
    alternatives: [],
    isCircle: false,
    through: [],
    broken: [],
  }
}

/** The one schema of all items. A schema for each place of a list is rare, and left out. */
function itemsOf(value: unknown): unknown {
  const items = member(value, 'items')
  return Array.isArray(items) ? undefined : items
}

/** The schema itself and all that `allOf` adds to it, each once. */
function partsOf(document: JsonObject, value: unknown): readonly unknown[] {
  const parts = new Set<unknown>([value])
  for (const part of parts)
    for (const each of listOf(member(part, 'allOf')))
      if (parts.size < mergesMax) parts.add(follow(document, each).value)
  return [...parts]
}

function membersOf(part: unknown): readonly Member[] {
  const required = new Set(listOf(member(part, 'required')))
  return entriesOf(member(part, 'properties')).map(([name, schema]) => ({
    name,
    schema,
    isRequired: required.has(name),
  }))
}

function typeOf(value: unknown, name: string | undefined, inner: Shape | undefined, hasMembers: boolean): string {
  const written = member(value, 'type')
  const types = (Array.isArray(written) ? written : [written]).filter((each) => typeof each === 'string')
  const isNullable = member(value, 'nullable') === true || types.includes('null')
  const format = textOf(value, 'format')
  const list = inner === undefined ? words.list : words.listOf(inner.type)
  const named = types
    .filter((each) => each !== 'null')
    .map((each) => {
      if (each === 'array') return list
      if (each === 'object') return name ?? words.object
      return format === undefined ? each : `${each} (${format})`
    })
  const guessed = inner !== undefined ? list : (name ?? (hasMembers ? words.object : words.anything))
  const all = named.length === 0 && !isNullable ? [guessed] : named
  return [...all, ...(isNullable ? ['null'] : [])].join(` ${words.or} `)
}

function factsOf(value: unknown): readonly string[] {
  const told = Object.entries(words.facts).flatMap(([name, say]) => {
    const found = member(value, name)
    return found === undefined || typeof found === 'object' ? [] : [say(shown(found))]
  })
  const choices = listOf(member(value, 'enum'))
  const first = choices.slice(0, wordsMax).map(shown)
  return [
    ...(choices.length === 0 ? [] : [words.oneOf(first, choices.length - first.length)]),
    ...told,
    ...(member(value, 'readOnly') === true ? [words.readOnly] : []),
    ...(member(value, 'writeOnly') === true ? [words.writeOnly] : []),
  ]
}

function shown(value: unknown): string {
  const said = typeof value === 'string' ? value : JSON.stringify(value)
  return said.length > shownMax ? `${said.slice(0, shownMax)}…` : said
}
