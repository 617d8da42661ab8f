// Every export is documented: each function, class and constant of the public packages has its sentence.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const publicPackages = ['core', 'verifier', 'openapi', 'client', 'contract']

export function checkExports(): readonly string[] {
  return publicPackages.flatMap((name) => checkIndex(`packages/${name}/src/index.ts`))
}

function checkIndex(index: string): readonly string[] {
  const text = readFileSync(index, 'utf8')
  if (/export \*/.test(text)) return [`${index}: no export *`]
  const lists = [...text.matchAll(/export (type )?\{([^}]*)\} from '([^']+)'/g)]
  return lists.flatMap(([, , names = '', from = '']) => {
    const file = join(dirname(index), from)
    if (!existsSync(file)) return []
    const source = readFileSync(file, 'utf8')
    return names
      .split(',')
      .map(
        (name) =>
          name
            .trim()
            .replace(/^type /, '')
            .split(' as ')[0] as string,
      )
      .filter((name) => name !== '' && !isDocumented(source, name))
      .map((name) => `${file}: ${name} is exported without a doc comment`)
  })
}

/** Types whose name says all may go without; what does something may not. */
function isDocumented(source: string, name: string): boolean {
  const declaration = new RegExp(`^export (?:declare )?(?:async )?(?:function\\*?|class|const) ${name}\\b`, 'm')
  const at = source.search(declaration)
  return at < 0 || /\*\/\s*$/.test(source.slice(0, at))
}

if (import.meta.main) for (const problem of checkExports()) process.stdout.write(`${problem}\n`)
