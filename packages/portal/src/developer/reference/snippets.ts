/** A call of the operation in five languages. A placeholder stands where a credential or a value goes. */
import type { Api } from '../../shared/api/queries.ts'
import { shellWord } from '../../shared/shell_word.ts'
import { reference } from '../../shared/text/reference.ts'
import type { JsonObject } from './json.ts'
import type { Named } from './operation_names.ts'
import { sampleOf } from './sample.ts'
import type { Written } from './written.ts'

const { snippet } = reference

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
  return {
    [snippet.curl]: curlOf(sample),
    [snippet.fetch]: fetchOf(sample),
    [snippet.python]: pythonOf(sample),
    [snippet.go]: goOf(sample),
    [snippet.java]: javaOf(sample),
  }
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

function goOf({ method, url, needsKey, json, notes }: Sample): string {
  const imports = ['fmt', 'io', 'net/http', ...(needsKey ? ['os'] : []), ...(json === undefined ? [] : ['strings'])]
  const body = json === undefined ? 'nil' : `strings.NewReader(${stringOf(json)})`
  const header = (name: string, value: string): string => `\trequest.Header.Set("${name}", ${value})`
  const orPanic = ['\tif err != nil {', '\t\tpanic(err)', '\t}']
  return [
    ...notes.map((note) => `// ${note}`),
    'package main',
    '',
    'import (',
    ...imports.map((each) => `\t"${each}"`),
    ')',
    '',
    'func main() {',
    `\trequest, err := http.NewRequest(${stringOf(method)}, ${stringOf(url)}, ${body})`,
    ...orPanic,
    ...(needsKey ? [header('Authorization', '"Bearer "+os.Getenv("COUNTERSIGN_KEY")')] : []),
    ...(json === undefined ? [] : [header('Content-Type', '"application/json"')]),
    '\tresponse, err := http.DefaultClient.Do(request)',
    ...orPanic,
    '\tdefer response.Body.Close()',
    '\tbody, err := io.ReadAll(response.Body)',
    ...orPanic,
    '\tfmt.Println(response.StatusCode, string(body))',
    '}',
  ].join('\n')
}

function javaOf({ method, url, needsKey, json, notes }: Sample): string {
  const publisher = json === undefined ? 'noBody()' : `ofString(${stringOf(json)})`
  return [
    ...notes.map((note) => `// ${note}`),
    'import java.net.URI;',
    'import java.net.http.HttpClient;',
    'import java.net.http.HttpRequest;',
    'import java.net.http.HttpResponse;',
    '',
    'public class Call {',
    '    public static void main(String[] args) throws Exception {',
    `        HttpRequest request = HttpRequest.newBuilder(URI.create(${stringOf(strictUrl(url))}))`,
    ...(needsKey ? ['            .header("Authorization", "Bearer " + System.getenv("COUNTERSIGN_KEY"))'] : []),
    ...(json === undefined ? [] : ['            .header("Content-Type", "application/json")']),
    `            .method(${stringOf(method)}, HttpRequest.BodyPublishers.${publisher})`,
    '            .build();',
    '        HttpResponse<String> response =',
    '            HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());',
    '        System.out.println(response.statusCode() + " " + response.body());',
    '    }',
    '}',
  ].join('\n')
}

/** A string of JSON is also one of Go and of Java, once it has no lone surrogate and no byte order mark. */
function stringOf(value: string): string {
  return JSON.stringify(value.toWellFormed()).replaceAll('\ufeff', '\\ufeff')
}

/** `URI` of Java takes no sign that RFC 3986 does not. */
function strictUrl(url: string): string {
  const parsed = URL.parse(url)
  if (parsed === null) return url
  return parsed.origin + `${parsed.pathname}${parsed.search}`.replace(/[[\]^`{|}]/g, encodeURIComponent)
}
