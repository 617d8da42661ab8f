import { connect } from 'node:net'
import { CommandError } from './exit.ts'

export function readUpstream(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:'
  if (!isHttp || url.search !== '' || url.hash !== '' || url.username !== '') {
    throw new CommandError('usage', '--upstream must be an http or https URL without query, fragment or credentials')
  }
  return url
}

/** An attempt to connect takes at most so many milliseconds. */
const probeMs = 3_000

/** Says at the start, and not with the first request, that nobody answers there. It may still come up. */
export function probeUpstream(upstream: URL, onNotice: (line: string) => void): void {
  const isHttps = upstream.protocol === 'https:'
  const port = Number(upstream.port || (isHttps ? 443 : 80))
  const socket = connect({ host: upstream.hostname.replace(/^\[|\]$/g, ''), port, timeout: probeMs })
  const say = (why: string): void => {
    socket.destroy()
    onNotice(`the upstream ${upstream.origin} does not answer (${why}): requests are 502 until it does`)
  }
  socket.unref()
  socket.once('connect', () => socket.destroy())
  socket.once('timeout', () => say(`no connection within ${probeMs / 1_000} s`))
  socket.once('error', ({ code }: NodeJS.ErrnoException) => say(code ?? 'it cannot be reached'))
}
