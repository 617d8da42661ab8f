import { Command } from 'commander'
import { untilStopped } from '../until_stopped.ts'
import { version } from '../version.ts'

export const serveCommand = new Command('serve')
  .description('production server; configured by environment or file, never by prompts')
  .option('--config <file>', 'settings as one JSON object, names in camelCase')
  .option('--json', 'one line of JSON when ready')
  .action(async (flags: { readonly config?: string; readonly json?: true }) => {
    const { serve } = await import('@countersign/server')
    let adminKey: string | undefined
    const serving = await serve({
      environment: process.env,
      version,
      onAdminKey: (key) => {
        adminKey = key
      },
      ...(flags.config === undefined ? {} : { configFile: flags.config }),
    })
    // Before anyone hears that it is ready: whoever stops it then expects it to stop in order.
    const stopped = untilStopped(serving.stop)
    const { url, address } = serving
    if (flags.json === true) process.stdout.write(`${JSON.stringify({ url, address, adminKey: adminKey ?? null })}\n`)
    else if (adminKey !== undefined) process.stdout.write(`${adminKey}\n`)
    await stopped
  })
