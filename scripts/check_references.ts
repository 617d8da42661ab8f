// Every reference leads somewhere: links and code samples of documents, and the paths and sections that comments cite.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { readSources, type Source } from './sources.ts'

/** The repository as the check sees it; a test gives one of its own. */
export interface Repository {
  /** Every file and folder, from the root. */
  readonly paths: ReadonlySet<string>
  readonly read: (path: string) => string
  readonly npmScripts: ReadonlySet<string>
  /** The commands of `countersign`. */
  readonly commands: ReadonlySet<string>
}

const documents = ['*.md', 'docs/**/*.md', 'examples/**/*.md', 'conformance/**/*.md', 'packages/*/*.md']
const sources = ['packages/*/src/**/*.{ts,tsx}', '{scripts,conformance,bench,deploy,examples}/**/*.{ts,mjs}', '*.ts']

export function checkReferences(): readonly string[] {
  const repository = readRepository()
  return [
    ...documents.flatMap(readSources).flatMap((document) => findDocumentProblems(document, repository)),
    ...sources.flatMap(readSources).flatMap((source) => findCommentProblems(source, repository)),
  ]
}

function readRepository(): Repository {
  const isOurs = (path: string): boolean => !/(^|\/)(node_modules|dist|\.git|\.countersign)(\/|$)/.test(path)
  const paths = globSync(['**', '.*', '.ci/*'], { exclude: (path) => !isOurs(path) })
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly scripts: object }
  const commands = readFileSync('packages/cli/src/commands.ts', 'utf8').matchAll(/^ {4}name: '([\w-]+)'/gm)
  return {
    paths: new Set(paths.map((path) => path.replaceAll('\\', '/'))),
    read: (path) => (existsSync(path) ? readFileSync(path, 'utf8') : ''),
    npmScripts: new Set(Object.keys(scripts)),
    commands: new Set([...commands].map(([, name = '']) => name)),
  }
}

/** Links with their anchors, and the files, scripts and commands that code samples name. */
export function findDocumentProblems({ path, text }: Source, repository: Repository): readonly string[] {
  const prose = text.replace(/^```[\s\S]*?^```/gm, '')
  const links = [...prose.replace(/`[^`\n]*`(?!\])/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
  const samples = [
    ...[...text.matchAll(/^```(?:sh|text)?(?: run)?\n([\s\S]*?)^```/gm)].map(([, block = '']) => block),
    ...[...prose.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span),
  ]
  return [
    ...links.flatMap((link) => findLinkProblem(path, link, repository)),
    ...samples.flatMap((sample) => findSampleProblems(sample, repository)),
    ...findSectionProblems(text, repository),
  ].map((problem) => `${path}: ${problem}`)
}

function findLinkProblem(from: string, link: string, repository: Repository): readonly string[] {
  if (/^(https?|mailto):/.test(link)) return []
  const [file = '', anchor] = link.split('#')
  const target = file === '' ? from : normalize(join(dirname(from), file)).replace(/\/$/, '')
  if (!repository.paths.has(target)) return [`${link} leads to no file`]
  if (anchor === undefined || anchorsOf(repository.read(target)).has(anchor)) return []
  return [`${link} leads to no heading of ${target}`]
}

/** As the hosts of repositories make them: lower case, without punctuation, hyphens for spaces. */
function anchorsOf(text: string): ReadonlySet<string> {
  return new Set(
    headingsOf(text).map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

function headingsOf(text: string): readonly string[] {
  return [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading)
}

function findSampleProblems(sample: string, { npmScripts, commands, paths }: Repository): readonly string[] {
  const problems: string[] = []
  for (const [, script = ''] of sample.matchAll(/npm run (?:-s )?([\w:-]+)/g))
    if (!npmScripts.has(script)) problems.push(`npm run ${script} is no script`)
  for (const [, command = ''] of sample.matchAll(/(?:^|npx )countersign ([a-z][\w-]*)/gm))
    if (!commands.has(command)) problems.push(`countersign ${command} is no command`)
  return [...problems, ...findPathProblems(sample, paths)]
}

const topFolders = 'packages|docs|scripts|conformance|deploy|examples|bench'
const ourPath = new RegExp(`(?<![\\w@/.:-])((?:${topFolders})/[\\w./@-]*\\w)(?![\\w*{<…$/-])`, 'g')
const fileName = /(?<![\w@/.:*{}-])((?:[a-z][\w-]*\/)*[a-z][\w.-]*\.ts)(?![\w*{<…$/-])/g

/** Paths from the root, and names of TypeScript files however much of the path stands before them. */
function findPathProblems(text: string, paths: ReadonlySet<string>): readonly string[] {
  const found = [...text.matchAll(ourPath)].map(([, path = '']) => path)
  const named = found.filter((path) => !path.includes('node_modules'))
  const missing = named.filter((path) => !paths.has(path))
  const files = [...text.matchAll(fileName)].map(([, file = '']) => file).filter((file) => !named.includes(file))
  const unknown = files.filter((file) => !isFile(file, paths))
  return [...missing, ...unknown].map((path) => `${path} is not in the repository`)
}

function isFile(file: string, paths: ReadonlySet<string>): boolean {
  const [name = '', ...rest] = file.split('/')
  if (paths.has(`packages/${name}/src/${rest.join('/')}`) || file.endsWith('.d.ts')) return true
  for (const path of paths) if (path.endsWith(`/${file}`)) return true
  return false
}

/** `docs/….md §3`, `§1 and §3`, `§6.4`: the document has a heading with each of these numbers. */
function findSectionProblems(text: string, repository: Repository): readonly string[] {
  const citations = text.matchAll(/(docs\/[\w./-]+\.md)((?:,? (?:and |to )?§\d+(?:\.\d+)*)+)/g)
  return [...citations].flatMap(([, path = '', numbers = '']) => {
    const headings = headingsOf(repository.read(path))
    return [...numbers.matchAll(/§([\d.]*\d)/g)].flatMap(([, number = '']) =>
      headings.some((heading) => heading.startsWith(`${number}. `)) ? [] : [`${path} has no section ${number}`],
    )
  })
}

/** Sections, paths and documents that a comment cites. One cited by a number alone leads nowhere either. */
export function findCommentProblems({ path, text }: Source, repository: Repository): readonly string[] {
  return commentsOf(text).flatMap((comment) => {
    const bare = comment.match(
      /(?<![\w/.-])(?:invariants?|decisions?|contract|architecture|feed|reliability)(?:\.md)?,? §? ?\d+/gi,
    )
    return [
      ...findSectionProblems(comment, repository),
      ...findPathProblems(comment, repository.paths),
      ...findDocumentsElsewhere(comment, repository.paths),
      ...(bare ?? []).map((citation) => `"${citation}" cites by a number alone: name the path under docs/`),
    ].map((problem) => `${path}: ${problem}`)
  })
}

function findDocumentsElsewhere(comment: string, paths: ReadonlySet<string>): readonly string[] {
  const named = [...comment.matchAll(/(?<![\w/.-])([\w-]+\.md)\b/g)].map(([, name = '']) => name)
  return named.filter((name) => !paths.has(name)).map((name) => `${name} is not in the repository by that path`)
}

/** Each block, or run of lines, as one line of text. */
function commentsOf(text: string): readonly string[] {
  const found = text.match(/(?<![^\s({[])\/\*[\s\S]*?\*\/|(?:(?<![:'"`\w\\/])\/\/ .*(?:\n\s*(?=\/\/ ))?)+/g) ?? []
  return found.map((comment) => comment.replace(/\s*\n\s*(?:\*|\/\/)?\s*/g, ' '))
}

if (import.meta.main) for (const problem of checkReferences()) process.stdout.write(`${problem}\n`)
