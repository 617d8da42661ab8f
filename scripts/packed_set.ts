// The packed packages beside each other as an installation has them, without asking a registry.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'

/** Unpacks packed files of ours below `folder`; all other packages are links to those that this project has installed. */
export function layOut(files: readonly string[], folder: string): void {
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, '@countersign'), { recursive: true })
  for (const name of readdirSync('node_modules')) {
    if (name !== '@countersign' && !name.startsWith('.'))
      symlinkSync(resolve('node_modules', name), join(modules, name))
  }
  for (const file of files) {
    const target = join(modules, '@countersign', nameOf(file))
    mkdirSync(target)
    execFileSync('tar', ['-xzf', file, '-C', target, '--strip-components=1'])
  }
}

/** `verifier` of `…/countersign-verifier-0.1.0.tgz`. */
export function nameOf(file: string): string {
  return basename(file).split('-')[1] as string
}
