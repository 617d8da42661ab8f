// Every export of the public packages is documented, with its members: fields, options, and methods of classes. It reads
// lines, as the formatter writes them.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const publicPackages = ['core', 'verifier', 'openapi', 'client', 'contract']

export function checkExports(): readonly string[] {
  return [...new Set(publicPackages.flatMap((name) => entriesOf(name).flatMap(checkEntry)))]
}

/** The modules that the manifest names. */
function entriesOf(name: string): readonly string[] {
  const { exports } = JSON.parse(readFileSync(`packages/${name}/package.json`, 'utf8')) as {
    readonly exports: Readonly<Record<string, string>>
  }
  return Object.values(exports).map((path) => join('packages', name, path))
}

function checkEntry(entry: string): readonly string[] {
  const text = readFileSync(entry, 'utf8')
  if (/export \*/.test(text)) return [`${entry}: no export *`]
  const own = [...text.matchAll(/^export (?:declare )?(?:async )?(?:\w+\*?) (\w+)/gm)].map(([, name]) => name as string)
  return [
    ...own.flatMap((name) => undocumented(entry, text, name)),
    ...[...text.matchAll(/export (?:type )?\{([^}]*)\} from '([^']+)'/g)].flatMap(([, names = '', from = '']) => {
      const file = join(dirname(entry), from)
      if (!existsSync(file)) return []
      const source = readFileSync(file, 'utf8')
      return namesIn(names).flatMap((name) => undocumented(file, source, name))
    }),
  ]
}

function namesIn(list: string): readonly string[] {
  const names = list.split(',').map(
    (name) =>
      name
        .trim()
        .replace(/^type /, '')
        .split(' as ')[0] as string,
  )
  return names.filter((name) => name !== '')
}

/** An export that has no comment, and its members that have none. */
export function undocumented(file: string, source: string, name: string): readonly string[] {
  const lines = source.split('\n')
  const declaration = new RegExp(
    `^export (?:declare )?(?:async )?(?:abstract )?(function\\*?|class|const|type|interface) ${name}\\b`,
  )
  const at = lines.findIndex((line) => declaration.test(line))
  if (at < 0) return [`${file}: ${name} is exported from a place that this check does not find`]
  const kind = declaration.exec(lines[at] as string)?.[1] as string
  const own = isDocumented(lines, at) ? [] : [`${file}: ${name} is exported without a doc comment`]
  if (tables.has(name)) return own
  return [...own, ...membersOf(lines, at, kind).map((member) => `${file}: ${name}.${member} has no doc comment`)]
}

/** The members, at any depth, that have no comment before them. */
function membersOf(lines: readonly string[], at: number, kind: string): readonly string[] {
  const isFunction = lines[at]?.endsWith('(') === true || lines[at]?.includes(' = <') === true
  if (isFunction || !['interface', 'type', 'class'].includes(kind)) return []
  const pattern = kind === 'class' ? classMember : typeMember
  const isEnd = (line: string): boolean => line.startsWith('}') || (kind === 'type' && /^$|^\S.*[^={|(]$/.test(line))
  const end = lines.findIndex((line, index) => index >= at && isEnd(line))
  return lines.slice(at + 1, end).flatMap((line, index) => {
    const name = pattern.exec(line)?.[1]
    return name === undefined || notMembers.has(name) || isDocumented(lines, at + 1 + index) ? [] : [name]
  })
}

const typeMember = /^\s+(?:readonly )?(\w+)\??(?:: |\(|<)/
const classMember = /^ {2}(?:override |static |readonly |async |get |set )*(\w+)\??[(<:]/
/** Members whose meaning the language gives. */
const notMembers = new Set(['constructor', 'toString', 'toJSON'])

/** Tables from names to types that are documented themselves. */
const tables = new Set(['StateByType'])

function isDocumented(lines: readonly string[], at: number): boolean {
  return /\*\/\s*$/.test(lines[at - 1] ?? '')
}

if (import.meta.main) for (const problem of checkExports()) process.stdout.write(`${problem}\n`)
