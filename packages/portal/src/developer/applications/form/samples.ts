/** The same as the button does, by other means. A placeholder stands where a credential goes. */
import { shellWord } from '../../../shared/shell_word.ts'
import { text } from '../../../shared/text.ts'
import { command, post } from '../../new/samples.ts'
import type { CreateBody } from './body.ts'

/** `url`: of the management API. Whatever the address says stands in quotes. */
export function samplesOf(body: CreateBody, url: string): Readonly<Record<string, string>> {
  const { access, homepageUri, logoUri, name, offlineAccess, postLogoutRedirectUris, redirectUris, teamId, type } = body
  const flags = (flag: string, values: readonly (string | null | undefined)[] = []) =>
    values.flatMap((value) => (value == null ? [] : [[flag, value] as const]))
  const line = command('clients create', [
    ['--type', type],
    ['--name', name],
    ...flags('--team', [teamId]),
    ...flags(
      '--access',
      access.map((each) => `${each.audience}=${each.scope}`),
    ),
    ...flags('--redirect-uri', redirectUris),
    ...flags('--post-logout-redirect-uri', postLogoutRedirectUris),
    ...flags('--homepage', [homepageUri]),
    ...flags('--logo', [logoUri]),
  ])
  return {
    [text.create.curl]: post(`${url}/v1/clients`, shellWord(JSON.stringify(body, null, 2))),
    [text.create.commandLine]: offlineAccess === true ? `${line} \\\n  --offline-access` : line,
  }
}
