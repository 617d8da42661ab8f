/** The server of the answer times: `answer_times_server.ts` starts it in this process and tells its address and its administrator's key. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CountersignServer, openInstallation, silentLog } from '@countersign/server'
import { bind } from '../packages/cli/src/dev/bind.ts'

/** On an empty database. `close` removes it. */
export async function openForTimes(baseUrl: string): Promise<CountersignServer> {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-times-'))
  const server = await openInstallation({
    database: `sqlite:${join(directory, 'countersign.db')}`,
    baseUrl,
    version: 'bench',
    log: silentLog,
    // Beyond the limit every answer is the same.
    limitsFailures: false,
  })
  return {
    ...server,
    async close() {
      await server.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

if (import.meta.main) {
  const bound = await bind(0, '127.0.0.1', '--port')
  const url = `http://127.0.0.1:${bound.port}`
  const server = await openForTimes(url)
  bound.serve(server.createListener())
  process.stdout.write(`${JSON.stringify({ url, admin: server.adminKey?.reveal() })}\n`)
  // Its parent ends it by closing this.
  process.stdin.once('end', () => void server.close().then(() => process.exit(0))).resume()
}
