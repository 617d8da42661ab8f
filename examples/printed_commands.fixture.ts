/** Every command that a document prints in a block of shell. */
import { globSync, readFileSync } from 'node:fs'

/** A command as it is printed, with the lines that continue it, and what the comment behind it says. */
export interface PrintedCommand {
  readonly document: string
  readonly text: string
  readonly comment: string
}

export const printedCommands: readonly PrintedCommand[] = globSync([
  '*.md',
  'docs/**/*.md',
  'examples/**/*.md',
  'packages/*/README.md',
])
  .sort()
  .flatMap((document) =>
    [...readFileSync(document, 'utf8').matchAll(/^```sh(?: run)?\n([\s\S]*?)^```/gm)]
      .flatMap(([, block = '']) =>
        block
          .replaceAll(/ \\\n\s*/g, ' ')
          .trim()
          .split('\n'),
      )
      .map((line) => {
        const [, text = '', comment = ''] = /^(.*?)(?:\s+# (.*))?$/.exec(line) ?? []
        return { document, text, comment }
      }),
  )
  .filter(({ text }) => text !== '')

/** Where a command runs that goes on, builds for minutes, or has a test of its own. The first of these that fits counts. */
export const runElsewhere: readonly (readonly [command: RegExp, test: string])[] = [
  [/^npm (?:ci|start)\b.*npm start$|^npm start -- /, 'packages/cli/src/npm_start.test.ts'],
  [/^npm ci && npm run build$|^npm install --global \.\/dist/, 'scripts/build.test.ts'],
  [/^npm install (?:-g )?(?:@countersign\/|\/path\/to\/countersign)/, 'scripts/build.test.ts'],
  [/^npm (?:ci|test|run (?:check|test|mutants)\b)/, '.ci/run'],
  [/^countersign dev\b/, 'packages/cli/src/dev.test.ts'],
  [/^npx node examples\/express\.ts$|^export COUNTERSIGN_KEY=\$\(npx/, 'examples/examples.test.ts'],
  [/^(?:mkdir -p backups|countersign (?:backup|restore|audit verify))/, 'deploy/documentation.test.ts'],
  [/^countersign (?:teams\b|clients create .*--team\b)/, 'packages/cli/src/teams.test.ts'],
  [/^npx (?:openapi-typescript|@hey-api)|^openapi-python-client/, 'conformance/openapi.test.ts'],
]

/** Minutes on an idle machine, before a release: docs/benchmarks.md. `deploy/documentation.test.ts` looks up the names. */
export const isOnlyMeasured = ({ text }: PrintedCommand): boolean => text.startsWith('npm run bench')

/** No machine of the tests has these two. The names in such a command are looked up instead. */
export const isForOthers = ({ text }: PrintedCommand): boolean => /^(?:docker|kubectl) /.test(text)
