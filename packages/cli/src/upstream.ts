import { CommandError } from './exit.ts'

export function readUpstream(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:'
  if (!isHttp || url.search !== '' || url.hash !== '' || url.username !== '') {
    throw new CommandError('usage', '--upstream must be an http or https URL without query, fragment or credentials')
  }
  return url
}
