import { routeOf } from '@countersign/openapi'
import type { DevReady } from './dev.ts'

/** The lines that a newcomer needs, and no others. Each line of "Try it" is true for this document. */
export function screen(ready: DevReady, data: string, version: string): string {
  const { url, gatewayUrl, audience, adminKey, demo, isDemo, signInUrl, title } = ready
  const behind = isDemo ? 'the demo API    (yours: --openapi FILE --upstream URL)' : title
  const tries = isDemo ? demoTries(ready) : documentTries(ready)
  const width = Math.max(...tries.map(([command]) => command.length))
  return [
    '',
    `  Countersign ${version}    ${url}    data: ${data}    (Ctrl-C to stop)`,
    '',
    `  Your API      ${gatewayUrl}    guarded, in front of ${behind}`,
    `  Audience      ${audience}`,
    ...firstKeyLines(ready),
    adminKey === undefined
      ? '  Admin key     kept for this machine’s CLI'
      : `  Admin key     ${adminKey.reveal()}    shown once; saved for this machine's CLI`,
    `  Portal        ${signInUrl.reveal()}    signs you in, once, within 10 minutes`,
    ...(demo.web === undefined ? [] : [`  Web app       ${demo.web.url}    an application that asks for your consent`]),
    '',
    '  Try it',
    ...tries.map(([command, outcome]) => `    ${command.padEnd(width)}    ${outcome}`),
    '',
    '',
  ].join('\n')
}

function firstKeyLines({ demo, isKeyLive, clientId, audience }: DevReady): readonly string[] {
  const { key, scope } = demo
  const shownScope = scope.length > 60 ? `${scope.split(' ').length} scopes, all of the document` : `scope ${scope}`
  if (key !== undefined)
    return [`  First key     ${key.reveal()}    shown once; ${scope === '' ? 'no scope' : shownScope}`]
  const client = clientId === undefined ? '' : ` --client ${clientId}`
  const another = `npx countersign keys create --audience ${audience}${client} --scope "${scope}"`
  return isKeyLive
    ? ['  First key     shown at the first start only; another:', `                ${another}`]
    : ['  First key     has ended; make another:', `                ${another}`]
}

type Try = readonly [command: string, outcome: string]

function demoTries(ready: DevReady): readonly Try[] {
  const orders = `${ready.gatewayUrl}/orders`
  const bearer = bearerOf(ready)
  return [
    [`curl -i ${orders}`, '401'],
    [`curl -i ${orders} ${bearer}`, '200'],
    [`curl -i -X POST ${orders} ${bearer}`, '403, needs orders:write'],
    revokeTry(ready),
  ]
}

function documentTries(ready: DevReady): readonly Try[] {
  const { description, gatewayUrl } = ready
  const guarded = description.operations.filter((operation) => !operation.public)
  // A GET changes nothing: it is the one that is tried.
  const example = guarded.find(({ method }) => method === 'GET') ?? guarded[0]
  if (example === undefined) {
    const [open] = description.operations
    if (open === undefined) return [[`curl -i ${gatewayUrl}/`, '404: the document describes no operation']]
    return [[curlOf(open, gatewayUrl), 'reaches your API without a key: the document guards no operation']]
  }
  return [
    [curlOf(example, gatewayUrl), '401'],
    [`${curlOf(example, gatewayUrl)} ${bearerOf(ready)}`, 'reaches your API'],
    revokeTry(ready),
  ]
}

function curlOf(operation: DevReady['description']['operations'][number], gatewayUrl: string): string {
  const { method } = operation
  const verb = method === 'GET' ? '' : `-X ${method} `
  return `curl -i ${verb}${gatewayUrl}${routeOf(operation).replace(/\{[^}]*\}/g, '1')}`
}

function bearerOf({ demo }: DevReady): string {
  return `-H "Authorization: Bearer ${demo.key?.reveal() ?? '<your key>'}"`
}

function revokeTry({ demo }: DevReady): Try {
  const id = demo.key?.reveal().split('_')[2] ?? '<key id>'
  return [`npx countersign keys revoke ${id}`, 'and the same call is 401']
}
