/**
 * YAML 1.2, core schema, as far as an API description needs it: one document, text keys, no key twice, no merge keys,
 * aliases shared and counted. The tree of the `yaml` package is turned into values here and not by the package, because
 * its check for duplicate keys takes quadratic time and its aliases are looked up by walking the document again.
 */
import { Composer, CST, isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, Parser, type YAMLMap } from 'yaml'
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
    for (const { key, value } of map.items) {
      const name = this.#key(key)
      if (entries.has(name)) throw this.#error('duplicate_key', `The key ${quote(name)} occurs twice: keep one.`, key)
      const text = name === 'version' ? versionText(value) : undefined
      entries.set(name, text ?? this.convert(value))
    }
    // Defined and not assigned, since a key `__proto__` would set the prototype.
    return Object.fromEntries(entries)
  }

  #key(key: unknown): string {
    if (!isScalar(key)) throw this.#error('invalid_syntax', 'A key must be plain text.', key)
    // Ignoring a merge key would lose the `security` that it may bring in.
    if (key.value === '<<' && key.type === 'PLAIN') {
      throw this.#error('merge_key', 'Merge keys (<<) are not YAML 1.2: write the members out.', key)
    }
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
