import type { RequestEvent } from '@countersign/gateway'
import { Command } from 'commander'
import type { DevReady } from '../dev.ts'
import { parsePort } from '../flags.ts'
import { note } from '../output.ts'
import { untilStopped } from '../until_stopped.ts'
import { version } from '../version.ts'

interface Flags {
  readonly port: number
  readonly gatewayPort: number
  readonly data: string
  readonly openapi?: string
  readonly upstream?: string
  readonly basePath?: string
  readonly audience?: string
  readonly host?: string
  readonly reserve: boolean
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
    const { dev } = await import('../dev.ts')
    const ready = await dev({
      ...options,
      version,
      onNotice: note,
      ...(json === true ? {} : { onRequest: logRequest }),
    })
    const stopped = untilStopped(ready.stop)
    if (!ready.isDemo) for (const line of describeOperations(ready)) note(line)
    process.stdout.write(json === true ? `${jsonLine(ready)}\n` : screen(ready, flags.data))
    await stopped
  })

function jsonLine(ready: DevReady): string {
  const { url, gatewayUrl, issuer, data, audience, adminKey, demo } = ready
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
    },
  })
}

/** The lines that a newcomer needs, and no others. */
function screen(ready: DevReady, data: string): string {
  const { url, gatewayUrl, adminKey, demo, isDemo, title } = ready
  const key = demo.key?.reveal()
  const shown = key ?? '<your key>'
  const keyId = key?.split('_')[2] ?? '<key id>'
  const scope =
    demo.scope.length > 60 ? `${demo.scope.split(' ').length} scopes, all of the document` : `scope ${demo.scope}`
  const behind = isDemo ? 'the demo API    (yours: --openapi FILE --upstream URL)' : title
  const bearer = `-H "Authorization: Bearer ${shown}"`
  const tries: [string, string][] = isDemo
    ? [
        [`curl -i ${gatewayUrl}/orders`, '401'],
        [`curl -i ${gatewayUrl}/orders ${bearer}`, '200'],
        [`curl -i -X POST ${gatewayUrl}/orders ${bearer}`, '403, needs orders:write'],
        [`npx countersign keys revoke ${keyId}`, 'and the same call is 401'],
      ]
    : [
        [`curl -i ${gatewayUrl}${examplePath(ready)}`, '401'],
        [`curl -i ${gatewayUrl}${examplePath(ready)} ${bearer}`, 'reaches your API'],
        [`npx countersign keys revoke ${keyId}`, 'and the same call is 401'],
      ]
  const width = Math.max(...tries.map(([command]) => command.length))
  return [
    '',
    `  Countersign ${version}    ${url}    data: ${data}    (Ctrl-C to stop)`,
    '',
    `  Your API      ${gatewayUrl}    guarded, in front of ${behind}`,
    key === undefined
      ? '  First key     shown at the first start only'
      : `  First key     ${key}    shown once; ${scope}`,
    adminKey === undefined
      ? '  Admin key     kept for this machine’s CLI'
      : `  Admin key     ${adminKey.reveal()}    shown once; saved for this machine's CLI`,
    '',
    '  Try it',
    ...tries.map(([command, outcome]) => `    ${command.padEnd(width)}    ${outcome}`),
    '',
    '',
  ].join('\n')
}

function examplePath({ description }: DevReady): string {
  const operation = description.operations.find(({ method, public: isPublic }) => method === 'GET' && !isPublic)
  return operation === undefined ? '/' : operation.basePath + operation.path.replace(/\{[^}]*\}/g, '1')
}

/** Which scopes each operation needs, said once at the start: derived ones are nobody's wording but ours. */
function describeOperations({ description, gatewayUrl }: DevReady): readonly string[] {
  const { operations, scopes, problems } = description
  const open = operations.filter((operation) => operation.public).length
  return [
    `${operations.length} operations guarded at ${gatewayUrl}${description.basePath}, ${open} of them public; scopes: ${scopes.map(({ name }) => name).join(' ') || 'none'}`,
    ...problems.slice(0, 20).map(({ pointer, message }) => `  ${pointer}: ${message}`),
    ...(problems.length > 20
      ? [`  … and ${problems.length - 20} more: countersign apis import --dry-run shows all`]
      : []),
  ]
}

function logRequest({ method, path, status, decision, why }: RequestEvent): void {
  note(`${method} ${path}  ${status} ${decision}  ${why}`)
}
