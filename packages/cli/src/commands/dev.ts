import type { RequestEvent } from '@countersign/gateway'
import { Command } from 'commander'
import type { DevOptions, DevReady } from '../dev/dev.ts'
import { screen } from '../dev/screen.ts'
import { parsePort } from '../flags.ts'
import { note } from '../output.ts'
import { untilStopped } from '../until_stopped.ts'
import { version } from '../version.ts'

interface Flags extends Omit<DevOptions, 'version' | 'onRequest' | 'onMail' | 'onNotice'> {
  readonly json?: true
}

export const devCommand = new Command('dev')
  .description('server, gateway and a guarded API on this machine, from an empty folder')
  .option('--port <port>', 'port of the server', parsePort, 4800)
  .option('--gateway-port <port>', 'port of the gateway', parsePort, 4801)
  .option('--data <directory>', 'directory for everything that is kept', './.countersign')
  .option('--openapi <file|url>', 'your API’s description; goes with --upstream')
  .option('--upstream <url>', 'the URL of your API; goes with --openapi')
  .option('--base-path <path>', 'the base path, instead of the one in the document')
  .option('--audience <uri>', 'the audience of your API')
  .option('--host <address>', 'listen on this address instead of loopback')
  .option('--no-reserve', 'keep no 64 MiB for revocations on a full disk')
  .option('--json', 'one line of JSON when ready, and no request log')
  .action(async (flags: Flags) => {
    const { json, ...options } = flags
    const { dev } = await import('../dev/dev.ts')
    const ready = await dev({
      ...options,
      version,
      onMail: ({ to, subject, text }) => note(`Mail to ${to}: ${subject}\n\n${text.replace(/^/gm, '  ')}\n`),
      onNotice: note,
      ...(json === true ? {} : { onRequest: logRequest }),
    })
    const stopped = untilStopped(ready.stop)
    if (!ready.isDemo) for (const line of describeOperations(ready)) note(line)
    process.stdout.write(json === true ? `${jsonLine(ready)}\n` : screen(ready, flags.data, version))
    await stopped
  })

function jsonLine(ready: DevReady): string {
  const { url, gatewayUrl, issuer, data, audience, adminKey, demo, signInUrl } = ready
  return JSON.stringify({
    url,
    gatewayUrl,
    issuer,
    data,
    audience,
    adminKey: adminKey?.reveal() ?? null,
    demo: {
      key: demo.key?.reveal() ?? null,
      scope: demo.scope,
      clientId: demo.clientId ?? null,
      clientSecret: demo.clientSecret?.reveal() ?? null,
      webUrl: demo.web?.url ?? null,
      webClientId: demo.web?.clientId ?? null,
    },
    portalUrl: `${issuer}/portal`,
    consoleUrl: `${issuer}/console`,
    signInUrl: signInUrl.reveal(),
  })
}

/** Which scopes each operation needs, said once at the start: derived ones are nobody's wording but ours. */
function describeOperations({ description, gatewayUrl, credentialHeaders }: DevReady): readonly string[] {
  const { operations, scopes, problems } = description
  const open = operations.filter((operation) => operation.public).length
  return [
    `${operations.length} operations guarded at ${gatewayUrl}${description.basePath}, ${open} of them public; scopes: ${scopes.map(({ name }) => name).join(' ') || 'none'}`,
    ...(credentialHeaders.length === 0 ? [] : [`  credentials are also read from ${credentialHeaders.join(', ')}`]),
    ...problems.slice(0, 20).map(({ pointer, message }) => `  ${pointer}: ${message}`),
    ...(problems.length > 20
      ? [`  … and ${problems.length - 20} more: countersign apis import --dry-run shows all`]
      : []),
  ]
}

function logRequest({ method, path, status, decision, why }: RequestEvent): void {
  note(`${method} ${path}  ${status} ${decision}  ${why}`)
}
