// `npm run screenshots [FOLDER]`: every page and screen, light and dark, wide and on a phone, below FOLDER (`screenshots`). The
// browser tests take them on their way, and fail where something is wrong.
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { resolve } from 'node:path'

const [folder = 'screenshots'] = process.argv.slice(2)
const tests = globSync('conformance/{consent,factors,mail_pages,pages,portal*,sign_in}.test.ts')
const vitest = resolve('node_modules/vitest/vitest.mjs')
const { status } = spawnSync(process.execPath, [vitest, 'run', ...tests], {
  stdio: 'inherit',
  env: { ...process.env, SHOTS: resolve(folder) },
})
process.exit(status ?? 1)
