// Everything that machines watch, so that people need not: `npm run check`. One line a check, all problems at the end.
import { spawnSync } from 'node:child_process'
import { checkCircles } from './check_circles.ts'
import { checkComments } from './check_comments.ts'
import { checkErrorCodes } from './check_error_codes.ts'
import { checkExamples } from './check_examples.ts'
import { checkExports } from './check_exports.ts'
import { checkFlaws } from './check_flaws.ts'
import { checkGlossary } from './check_glossary.ts'
import { checkHunts } from './check_hunts.ts'
import { checkImports } from './check_imports.ts'
import { checkReferences } from './check_references.ts'
import { checkRejections } from './check_rejections.ts'
import { checkRoutes } from './check_routes.ts'
import { checkSizes } from './check_sizes.ts'
import { typescript } from './compilers.ts'
import { checkMutants } from './mutants.ts'
import { checkOperationsPage } from './operations_page.ts'

type Check = readonly [name: string, run: () => readonly string[] | Promise<readonly string[]>]

const checks: readonly Check[] = [
  ['types', () => runTool(typescript, ['--noEmit', '-p', '.'])],
  ['format and lint', () => runTool('node_modules/.bin/biome', ['check', '.'])],
  ['import arrows', checkImports],
  ['no circles of values', checkCircles],
  ['exports documented', checkExports],
  ['examples compile', checkExamples],
  ['rejections tested', checkRejections],
  ['comments begin with their subject', checkComments],
  ['error codes documented', checkErrorCodes],
  ['flaws tested', checkFlaws],
  ['references lead somewhere', checkReferences],
  ['hunts arrive', checkHunts],
  ['words defined', checkGlossary],
  ['operations mounted', checkRoutes],
  ['operations shown', checkOperationsPage],
  ['sizes', checkSizes],
  ['mutants fit', checkMutants],
]

function runTool(file: string, parameters: readonly string[]): readonly string[] {
  const { status, stdout, stderr } = spawnSync(file, parameters, { encoding: 'utf8' })
  return status === 0 ? [] : [`${stdout}${stderr}`.trim()]
}

let failed = 0
for (const [name, run] of checks) {
  const beganAt = performance.now()
  const problems = await run()
  const seconds = ((performance.now() - beganAt) / 1000).toFixed(1)
  process.stdout.write(`${problems.length === 0 ? 'ok  ' : 'FAIL'}  ${name}  ${seconds} s\n`)
  for (const problem of problems) process.stdout.write(`      ${problem}\n`)
  if (problems.length > 0) failed++
}
process.stdout.write(failed === 0 ? 'everything holds\n' : `${failed} of ${checks.length} checks failed\n`)
process.exitCode = failed === 0 ? 0 : 1
