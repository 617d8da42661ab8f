#!/usr/bin/env node
// Runs on any Node 20 or newer: where it is older than 24, the pinned one of this checkout takes over.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import module, { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const main = [join(here, '../src/main.ts'), join(here, '../dist/main.js')].find(existsSync)

// In a checkout, sources are stripped of their types and compiled once: a command starts in a quarter of the time. Kept beside
// the sources, where whoever can write it could write those too, and never in a folder that others share.
if (main?.endsWith('.ts')) module.enableCompileCache?.(join(here, '../../../node_modules/.cache/countersign'))

if (Number(process.versions.node.split('.')[0]) >= 24) {
  await import(main)
} else {
  const pinned = findPinned()
  if (pinned === undefined) {
    process.stderr.write(`countersign: needs Node 24 or newer, this is ${process.versions.node}\n`)
    process.exit(1)
  }
  const child = spawn(pinned, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)))
}

function findPinned() {
  try {
    const file = join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin/node')
    return existsSync(file) ? file : undefined
  } catch {
    return undefined
  }
}
