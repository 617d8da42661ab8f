/**
 * Flaws of a document that decide about no access by themselves, and that its owner should know of. A kind that can
 * stand at every operation has one line that counts, so that it hides no other.
 */
import type { Route } from '../description.ts'
import type { OpenApiDocument } from '../document.ts'
import { entries, member, members, pointerTo } from '../json_object.ts'
import type { FoundOperation } from '../path_item.ts'
import { lastParameter } from '../path_template.ts'
import type { Problem, ProblemCode } from '../problem.ts'
import { pathsOfServers } from '../server_url.ts'

/** Lists every flaw of this kind. `found` and `routes` are the same operations, in the same order. */
export function reviewOperations(
  document: OpenApiDocument,
  found: readonly FoundOperation[],
  routes: readonly Route[],
  problems: Problem[],
): void {
  reportPublic(routes, problems)
  reportNotations(document, problems)
  reportServers(found, routes[0]?.operation.basePath ?? '', problems)
  reportRepeatedIds(routes, problems)
  reportParameters(found, routes, problems)
}

function reportPublic(routes: readonly Route[], problems: Problem[]): void {
  if (routes.length === 0 || routes.some(({ operation }) => !operation.public)) return
  const message = 'Every operation is public, so nothing is guarded: write security where a credential is needed.'
  problems.push({ code: 'every_operation_public', pointer: '/paths', message })
}

/** Ways to write a parameter, or every method, that other systems read and OpenAPI does not. */
function reportNotations(document: OpenApiDocument, problems: Problem[]): void {
  for (const [key, item] of members(member(document.root, 'paths'))) {
    const pointer = pointerTo('/paths', key)
    const notation = foreignNotation(key.replace(/[#?].*$/s, ''))
    if (notation !== undefined) {
      const message = `${notation} is not a parameter of OpenAPI, which is written {name}.`
      problems.push({ code: 'foreign_notation', pointer, message })
    }
    for (const [name] of entries(item)) {
      if (name !== anyMethod) continue
      const message = 'A member for every method is not OpenAPI, so it is ignored: describe each method.'
      problems.push({ code: 'foreign_notation', pointer: pointerTo(pointer, name), message })
    }
  }
}

const anyMethod = 'x-amazon-apigateway-any-method'

/** The first part of a path that another system would read as a parameter; `undefined` for none. */
function foreignNotation(path: string): string | undefined {
  const last = lastParameter(path)
  const named = (path.match(/\{[^{}]*\}/g) ?? []).find((text, i, all) => {
    const name = text.slice(1, -1)
    // `{name+}` is read, as the last parameter.
    return /^[+/#.;?&*]|[*?]$|^$|:/.test(name) || (name.endsWith('+') && (i < all.length - 1 || name !== last))
  })
  if (named !== undefined) return JSON.stringify(named)
  const literals = path.replaceAll(/\{[^{}]*\}/g, 'x')
  const found = literals.split('/').find((text) => /^:\w|^\*+\w*$|^<.*>$|^\[.*\]$|^\$\{?\w|[{}]/.test(text))
  return found === undefined ? undefined : JSON.stringify(found)
}

/** Servers with the base path of the operations change nothing. */
function reportServers(found: readonly FoundOperation[], basePath: string, problems: Problem[]): void {
  const owners = new Map(
    found.flatMap(({ value, pointer, item }) => [[item.pointer, item.value] as const, [pointer, value] as const]),
  )
  const others = [...owners].filter(([, value]) => pathsOfServers(value).some((path) => path !== basePath))
  const [first] = others
  if (first === undefined) return
  const message =
    `${others.length} path items or operations have servers with another path, which are ignored: ` +
    `every operation is looked for below ${basePath || '/'}.`
  problems.push({ code: 'servers_ignored', pointer: pointerTo(first[0], 'servers'), message })
}

function reportRepeatedIds(routes: readonly Route[], problems: Problem[]): void {
  const groups = Map.groupBy(routes, ({ operation }) => operation.operationId)
  for (const [id, group] of groups) {
    const second = group[1]
    if (id === undefined || second === undefined) continue
    const message = `The operationId ${JSON.stringify(id)} is that of ${group.length} operations, and must be of one.`
    problems.push({ code: 'duplicate_operation_id', pointer: pointerTo(second.pointer, 'operationId'), message })
  }
}

function reportParameters(found: readonly FoundOperation[], routes: readonly Route[], problems: Problem[]): void {
  const flawed = routes.flatMap(({ template, pointer }, i) => {
    const names = template.segments.flatMap((segment) => (segment.kind === 'template' ? segment.names : []))
    const lists = found[i]?.parameters ?? []
    const name = names.find((each) => !lists.some((list) => list.has(each) || list.has(`${each}+`)))
    return name === undefined ? [] : [{ name, pointer }]
  })
  reportOnce('parameter_undescribed', flawed, problems, (first) => {
    return `${flawed.length} operations do not describe a parameter of their path, such as {${first.name}}.`
  })
}

/** One line for all flaws of a kind, at the place of the first. */
function reportOnce<T extends { readonly pointer: string }>(
  code: ProblemCode,
  flawed: readonly T[],
  problems: Problem[],
  say: (first: T) => string,
): void {
  const [first] = flawed
  if (first !== undefined) problems.push({ code, pointer: first.pointer, message: say(first) })
}
