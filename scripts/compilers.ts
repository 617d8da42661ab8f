// The TypeScript compilers, by their own paths: both bring a `tsc`, and which of them `node_modules/.bin/tsc` is, npm decides.
import { resolve } from 'node:path'

/** The one that checks and builds this project. */
export const typescript = resolve('node_modules/typescript/bin/tsc')

/** The one before, with which users may read our declarations. */
export const typescript5 = resolve('node_modules/typescript5/bin/tsc')
