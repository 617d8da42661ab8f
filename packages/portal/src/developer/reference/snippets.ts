/** A call of the operation in three languages. A placeholder stands where a credential or a value goes. */
import type { Api } from '../../shared/api/queries.ts'
import { shellWord } from '../../shared/shell_word.ts'
import { text } from '../../shared/text.ts'
import type { JsonObject } from './json.ts'
import type { Named } from './operation_names.ts'
import { sampleOf } from './sample.ts'
import type { Written } from './written.ts'

const { snippet } = text.reference

type Described = Pick<Named, 'method' | 'route' | 'public'>

interface Sample {
  readonly method: string
  readonly url: string
  readonly needsKey: boolean
  /** JSON; `undefined` without a body. */
  readonly json: string | undefined
  readonly notes: readonly string[]
}

/** `written`: `undefined` while the document is not there; then neither query nor body are known. */
export function snippetsOf(
  operation: Described,
  { callUrl }: Pick<Api, 'callUrl'>,
  document: JsonObject | undefined,
  written: Written | undefined,
): Readonly<Record<string, string>> {
  const media = written?.body?.media ?? []
  const json = media.find(({ type }) => /^application\/(?:[\w.+-]+\+)?json\b/.test(type))
  const other = json === undefined ? media[0] : undefined
  const sample: Sample = {
    method: operation.method,
    url: urlOf(operation, callUrl, written),
    needsKey: !operation.public,
    json:
      json === undefined || document === undefined
        ? undefined
        : JSON.stringify(json.example ?? sampleOf(document, json.schema), null, 2),
    notes: [
      ...(callUrl === null ? [snippet.noUrl] : []),
      ...(other === undefined ? [] : [snippet.otherBody(other.type.replace(/[^\w/+.;= -]/g, ''))]),
    ],
  }
  return { [snippet.curl]: curlOf(sample), [snippet.fetch]: fetchOf(sample), [snippet.python]: pythonOf(sample) }
}

/** The API's `callUrl`, the base path and the path. Each parameter of the path is its name, in capitals. */
export function urlOf(
  { route }: Pick<Described, 'route'>,
  callUrl: string | null,
  written: Written | undefined,
): string {
  const query = (written?.parameters ?? []).filter((each) => each.in === 'query' && each.isRequired)
  const search = query.map(({ name }) => `${encodeURIComponent(name)}=${placeholder(name)}`).join('&')
  const path = route.replace(/\{([^{}]*)\}/g, (_, name: string) => placeholder(name))
  return `${(callUrl ?? snippet.anyUrl).replace(/\/$/, '')}${path}${search === '' ? '' : `?${search}`}`
}

function placeholder(name: string): string {
  const word = name.replace(/([a-z])([A-Z])/g, '$1_$2').replace(/[^A-Za-z0-9]+/g, '_')
  return word.toUpperCase()
}

function curlOf({ method, url, needsKey, json, notes }: Sample): string {
  // curl reads braces and brackets of a URL as a range, unless told not to.
  const flags = [...(method === 'GET' ? [] : [`-X ${shellWord(method)}`]), ...(/[[\]{}]/.test(url) ? ['-g'] : [])]
  const lines = [
    ['curl', ...flags, shellWord(url)].join(' '),
    ...(needsKey ? ['-H "Authorization: Bearer $COUNTERSIGN_KEY"'] : []),
    ...(json === undefined ? [] : ["-H 'Content-Type: application/json'", `-d ${shellWord(json)}`]),
  ]
  return [...notes.map((note) => `# ${note}`), lines.join(' \\\n  ')].join('\n')
}

function fetchOf({ method, url, needsKey, json, notes }: Sample): string {
  const headers = [
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a template of the sample.
    ...(needsKey ? ['    Authorization: `Bearer ${process.env.COUNTERSIGN_KEY}`,'] : []),
    ...(json === undefined ? [] : ["    'Content-Type': 'application/json',"]),
  ]
  return [
    ...notes.map((note) => `// ${note}`),
    `const response = await fetch(${JSON.stringify(url)}, {`,
    `  method: ${JSON.stringify(method)},`,
    ...(headers.length === 0 ? [] : ['  headers: {', ...headers, '  },']),
    ...(json === undefined ? [] : [`  body: ${JSON.stringify(json)},`]),
    '})',
    'console.log(response.status, await response.text())',
  ].join('\n')
}

/** The text of JSON is also one of Python, but for what JSON.stringify escapes: lone surrogates, which no text has. */
function pythonOf({ method, url, needsKey, json, notes }: Sample): string {
  const headers = [
    ...(needsKey ? ['        "Authorization": f"Bearer {os.environ[\'COUNTERSIGN_KEY\']}",'] : []),
    ...(json === undefined ? [] : ['        "Content-Type": "application/json",']),
  ]
  return [
    ...notes.map((note) => `# ${note}`),
    ...(needsKey ? ['import os'] : []),
    'import urllib.request',
    '',
    'request = urllib.request.Request(',
    `    ${JSON.stringify(url)},`,
    `    method=${JSON.stringify(method)},`,
    ...(headers.length === 0 ? [] : ['    headers={', ...headers, '    },']),
    ...(json === undefined ? [] : [`    data=${JSON.stringify(json)}.encode(),`]),
    ')',
    'with urllib.request.urlopen(request) as response:',
    '    print(response.status, response.read().decode())',
  ].join('\n')
}
