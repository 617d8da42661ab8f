import { Command } from 'commander'
import { collect, oneOf, parseDuration, parsePositive } from '../flags.ts'
import type { GuardOptions } from '../gateway/guard.ts'
import { createGatewayLog, loggedRequests } from '../gateway/log.ts'
import { note, printJson } from '../output.ts'
import { untilStopped } from '../until_stopped.ts'

interface Flags extends Omit<GuardOptions, 'onRequest' | 'onNotice'> {
  readonly json?: true
  readonly logRequests: (typeof loggedRequests)[number]
}

export const gatewayCommand = new Command('gateway')
  .description('a reverse proxy that lets described, permitted requests through to your API')
  .requiredOption('--openapi <file|url>', 'your API’s description')
  .requiredOption('--upstream <url>', 'the URL of your API')
  .option('--listen <address:port>', 'the address that callers connect to', '127.0.0.1:4801')
  .option('--health-listen <address:port>', 'answers /healthz, /readyz and /metrics')
  .option('--audience <uri>', 'the audience of the credentials; default: as dev registered it')
  .option('--base-path <path>', 'the base path, instead of the one in the document')
  .option('--server <url>', 'the issuer; default: COUNTERSIGN_URL or the profile')
  .option('--credential-file <file>', 'a key that may verify for the audience; default: COUNTERSIGN_KEY or the profile')
  .option('--trusted-proxies <cidr...>', 'proxies whose forwarded headers are believed; default: none', collect)
  .option('--upstream-connections <number>', 'requests at the upstream at once; default: 4096', parsePositive)
  .option(
    '--long-connections <number>',
    'upgraded connections and event streams at once; default: 10000',
    parsePositive,
  )
  .option(
    '--log-requests <which>',
    `requests with a line in the log: ${loggedRequests.join(', ')}`,
    oneOf(...loggedRequests),
    'refused',
  )
  .option('--upstream-timeout <duration>', 'until an answer begins; default: 30s', parseDuration)
  .option('--idle-timeout <duration>', 'an answer that sends nothing for so long ends; default: 120s', parseDuration)
  .option(
    '--stream-idle-timeout <duration>',
    'the same for event streams and upgraded connections; default: 1h',
    parseDuration,
  )
  .option('--upstream-ca <file>', 'PEM: authorities for the upstream’s certificate, besides the system’s')
  .option('--cors-origin <origin>', 'an origin whose scripts may read answers; repeatable', collect)
  .option('--slashes <template>', 'a path whose last parameter may hold slashes; repeatable', collect)
  .option('--json', 'one line of JSON when ready; requests as JSON on standard error')
  .action(async ({ json, logRequests, ...flags }: Flags) => {
    const { guard } = await import('../gateway/guard.ts')
    const onRequest = createGatewayLog({ requests: logRequests, asJson: json === true, write: note })
    const guarding = await guard({ ...flags, onNotice: json === true ? noteJson : note, onRequest })
    const stopped = untilStopped(guarding.stop)
    const { url, healthUrl, issuer, audience, description, credentialHeaders } = guarding
    const { operations, scopes, problems } = description
    const open = operations.filter((operation) => operation.public).length
    if (json === true) {
      const names = scopes.map(({ name }) => name)
      printJson({
        url,
        healthUrl,
        issuer,
        audience,
        operations: operations.length,
        public: open,
        scopes: names,
        credentialHeaders,
        problems,
      })
    } else {
      note(`guards ${operations.length} operations at ${url}${description.basePath}, ${open} of them public`)
      note(`audience ${audience}, issuer ${issuer}${healthUrl === null ? '' : `, health ${healthUrl}`}`)
      note(`scopes: ${scopes.map(({ name }) => name).join(' ') || 'none'}`)
      if (credentialHeaders.length > 0) note(`credentials are also read from ${credentialHeaders.join(', ')}`)
      for (const { pointer, message } of problems) note(`  ${pointer || '/'}: ${message}`)
    }
    await stopped
  })

/** With `--json`, each line of standard error is an object too. */
function noteJson(msg: string): void {
  note(JSON.stringify({ time: new Date().toISOString(), msg }))
}
