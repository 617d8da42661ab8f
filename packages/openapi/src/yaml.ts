/**
 * YAML 1.2, core schema, as far as an API description needs it: one document, text keys, no key twice, aliases
 * shared and counted; and, because many descriptions have them, the merge keys of YAML 1.1. The tree of the `yaml` package is turned into values here and not by the package, because
 * its check for duplicate keys takes quadratic time and its aliases are looked up by walking the document again.
 */
import { Composer, CST, isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, Parser, type YAMLMap } from 'yaml'
import { isJsonObject } from './json_object.ts'
import { limits } from './limits.ts'
import { OpenApiError } from './openapi_error.ts'

export function parseYaml(text: string): unknown {
  const lines = new LineCounter()
  const tokens = readTokens(text, lines)
  const composer = new Composer({ uniqueKeys: false, schema: 'core', merge: false, resolveKnownTags: false })
  const documents = [...composer.compose(tokens, true, text.length)]
  const error = documents.flatMap((document) => document.errors)[0]
  if (error !== undefined) throw syntaxError(error.message, position(lines, error.pos[0]))
  if (documents.length > 1) throw syntaxError('the text holds more than one document', '1:1')

  return new Converter(lines).convert(documents[0]?.contents)
}

/** The tokens, once their depth is known to be harmless: the composer after this recurses. */
function readTokens(text: string, lines: LineCounter): CST.Token[] {
  const parser = new Parser(lines.addNewLine)
  const tokens: CST.Token[] = []
  lines.addNewLine(0)
  let flowDepth = 0
  for (const lexeme of new Lexer().lex(text)) {
    if (lexeme === '[' || lexeme === '{') flowDepth++
    else if (lexeme === ']' || lexeme === '}') flowDepth--
    if (flowDepth > limits.documentDepthMax) throw tooDeep()
    for (const token of parser.next(lexeme)) tokens.push(token)
  }
  tokens.push(...parser.end())
  refuseTooDeep(tokens)
  return tokens
}

function refuseTooDeep(tokens: readonly CST.Token[]): void {
  const open: { token: CST.Token; depth: number }[] = tokens.map((token) => ({ token, depth: 0 }))
  for (let top = open.pop(); top !== undefined; top = open.pop()) {
    const depth = top.depth + (CST.isCollection(top.token) ? 1 : 0)
    if (depth > limits.documentDepthMax) throw tooDeep()
    for (const token of childrenOf(top.token)) open.push({ token, depth })
  }
}

function childrenOf(token: CST.Token): CST.Token[] {
  if (token.type === 'document') return token.value === undefined ? [] : [token.value]
  if (!CST.isCollection(token)) return []
  return token.items.flatMap((item) => [item.key ?? [], item.value ?? []].flat())
}

const unfinished = Symbol('an anchor whose value is still being read')

/** A class because line numbers, anchors and the count are needed at every level. */
class Converter {
  readonly #lines: LineCounter
  readonly #anchors = new Map<string, { value: unknown; weight: number }>()
  #weight = 0

  constructor(lines: LineCounter) {
    this.#lines = lines
  }

  convert(node: unknown): unknown {
    const before = this.#weight
    this.#count(1, node)
    if (isAlias(node)) return this.#alias(node.source, node)
    const anchor = isMap(node) || isSeq(node) || isScalar(node) ? node.anchor : undefined
    if (anchor !== undefined) this.#anchors.set(anchor, { value: unfinished, weight: 0 })
    const value = this.#value(node)
    if (anchor !== undefined) this.#anchors.set(anchor, { value, weight: this.#weight - before })
    return value
  }

  #value(node: unknown): unknown {
    if (isScalar(node)) return node.value
    if (isSeq(node)) return node.items.map((item) => this.convert(item))
    if (isMap(node)) return this.#map(node)
    return null
  }

  #map(map: YAMLMap): unknown {
    const entries = new Map<string, unknown>()
    const merged = new Map<string, unknown>()
    let isMerged = false
    for (const { key, value } of map.items) {
      if (isMergeKey(key)) {
        if (isMerged) throw this.#error('duplicate_key', 'The key "<<" occurs twice: merge a list instead.', key)
        isMerged = true
        this.#merge(this.convert(value), merged, key)
        continue
      }
      const name = this.#key(key)
      if (entries.has(name)) throw this.#error('duplicate_key', `The key ${quote(name)} occurs twice: keep one.`, key)
      const text = name === 'version' ? versionText(value) : undefined
      entries.set(name, text ?? this.convert(value))
    }
    // Defined and not assigned, since a key `__proto__` would set the prototype.
    return Object.fromEntries([...merged, ...entries])
  }

  /** https://yaml.org/type/merge.html: one map, or a list of maps of which the first that has a key gives it. */
  #merge(value: unknown, merged: Map<string, unknown>, key: unknown): void {
    for (const source of Array.isArray(value) ? value : [value]) {
      if (!isJsonObject(source)) throw this.#error('merge_key', 'A merge key (<<) takes a map or a list of maps.', key)
      for (const [name, member] of Object.entries(source)) if (!merged.has(name)) merged.set(name, member)
    }
  }

  #key(key: unknown): string {
    if (!isScalar(key)) throw this.#error('invalid_syntax', 'A key must be plain text.', key)
    this.#count(1, key)
    return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value))
  }

  #alias(name: string, node: unknown): unknown {
    const anchor = this.#anchors.get(name)
    if (anchor === undefined) throw this.#error('invalid_syntax', `The alias *${name} has no anchor before it.`, node)
    if (anchor.value === unfinished) throw this.#error('reference_cycle', `The anchor &${name} contains itself.`, node)
    this.#count(anchor.weight, node)
    return anchor.value
  }

  #count(weight: number, node: unknown): void {
    this.#weight += weight
    if (this.#weight > limits.documentValuesMax) {
      throw this.#error(
        'document_too_complex',
        `The document has more than ${limits.documentValuesMax} values, aliases included.`,
        node,
      )
    }
  }

  #error(code: OpenApiError['code'], message: string, node: unknown): OpenApiError {
    const offset = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range?.[0] : undefined
    return new OpenApiError(code, message, offset === undefined ? undefined : position(this.#lines, offset))
  }
}

/** In quotes it is a key like any other. */
function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.value === '<<' && key.type === 'PLAIN'
}

/** `version: 1.10` is a name, not the number 1.1. Elsewhere (`minimum: 0.0`) a number is a number. */
function versionText(node: unknown): string | undefined {
  return isScalar(node) && typeof node.value === 'number' ? node.source : undefined
}

function position(lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset)
  return `${line}:${col}`
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
}

function syntaxError(detail: string, where: string): OpenApiError {
  const [line] = detail.split('\n', 1)
  return new OpenApiError('invalid_syntax', `The document is neither valid JSON nor valid YAML: ${line}`, where)
}

function tooDeep(): OpenApiError {
  return new OpenApiError('document_too_deep', `The document is nested deeper than ${limits.documentDepthMax} levels.`)
}
