import { type DatabaseFlags, findExistingDatabase, withDatabase } from '../database.ts'
import { leaf } from '../flags.ts'
import { note, printJson } from '../output.ts'

export const backupCommand = withDatabase(leaf('backup'))
  .description('make a consistent copy of the SQLite database, while a server writes; the master key is not in it')
  .argument('<file>', 'the copy; the file must not exist yet')
  .action(async (file: string, { json, ...flags }: DatabaseFlags & { readonly json?: true }) => {
    const { database } = findExistingDatabase(flags)
    const { backup } = await import('@countersign/server')
    let pages = 0
    const onProgress = (pagesDone: number, pagesTotal: number): void => {
      pages = pagesTotal
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${pagesDone} of ${pagesTotal} pages`)
    }
    await backup({ database, file, onProgress }).finally(() => {
      if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
    })
    if (json === true) printJson({ file, pages })
    else note(`${file} is a copy of ${database.slice('sqlite:'.length)}; keep master.key elsewhere: it is not in it`)
  })
