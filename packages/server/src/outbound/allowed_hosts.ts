/** The places beside the public internet that whoever runs the machine lets the outbound client reach. */

/** `host:port` of each, the host as `URL` writes it. */
export type AllowedHosts = ReadonlySet<string>

/** Reads `COUNTERSIGN_OUTBOUND_ALLOW`: `keycloak.internal:8443,[fd00::1]:443`. `undefined` where an item is no host with a port. */
export function parseAllowedHosts(text: string): AllowedHosts | undefined {
  const items = text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
  const names = items.map(readItem)
  return names.every((name) => name !== undefined) ? new Set(names) : undefined
}

/** The name by which the list has the place that a URL leads to. */
export function allowedName({ hostname, port, protocol }: URL): string {
  return `${hostname}:${port === '' ? usualPorts[protocol] : port}`
}

const usualPorts: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' }

/** No wildcard, and no path: a place is one host and one port. */
function readItem(item: string): string | undefined {
  const match = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?):([1-9]\d{0,4})$/.exec(item)
  const [, host, port] = match ?? []
  if (host === undefined || Number(port) > 65_535 || !URL.canParse(`http://${host}`)) return undefined
  return `${new URL(`http://${host}`).hostname}:${port}`
}
