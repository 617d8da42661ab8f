import cluster from 'node:cluster'
import { Command } from 'commander'
import { untilStopped } from '../until_stopped.ts'
import { version } from '../version.ts'

export const serveCommand = new Command('serve')
  .description('production server; configured by environment or file, never by prompts')
  .option('--config <file>', 'settings as one JSON object, names in camelCase')
  .option('--workers <count>', 'processes on this machine; default COUNTERSIGN_WORKERS, else 1')
  .option('--no-reserve', 'keep no 64 MiB beside a SQLite database for revocations on a full disk')
  .option('--json', 'one line of JSON when ready')
  .action(
    async (flags: {
      readonly config?: string
      readonly json?: true
      readonly workers?: string
      readonly reserve: boolean
    }) => {
      const { serve, tellReady } = await import('@countersign/server')
      let adminKey: string | undefined
      const begun = serve({
        environment: flags.workers === undefined ? process.env : { ...process.env, COUNTERSIGN_WORKERS: flags.workers },
        version,
        reserve: flags.reserve,
        onAdminKey: (key) => {
          adminKey = key
        },
        ...(flags.config === undefined ? {} : { configFile: flags.config }),
      })
      // Made and shown by this start or never: also when the port, say, cannot be had.
      const serving = await begun.catch((error: unknown) => {
        if (adminKey !== undefined) process.stdout.write(`${adminKey}\n`)
        throw error
      })
      // Before anyone hears that it is ready: whoever stops it then expects it to stop in order.
      const stopped = untilStopped(serving.stop)
      const { url, address } = serving
      // A worker's words are for whoever started it.
      if (cluster.isWorker) tellReady(address)
      else if (flags.json === true)
        process.stdout.write(`${JSON.stringify({ url, address, adminKey: adminKey ?? null })}\n`)
      else if (adminKey !== undefined) process.stdout.write(`${adminKey}\n`)
      await stopped
      // The channel to whoever started it would keep a worker.
      if (cluster.isWorker) process.exit()
    },
  )
