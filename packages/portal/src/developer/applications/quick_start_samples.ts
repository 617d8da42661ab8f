/** The first steps of an application, with this installation's values and a placeholder for what is secret. */
import type { Client } from '../../shared/api/queries.ts'
import { shellWord } from '../../shared/shell_word.ts'
import { applicationsText as words } from '../../shared/text/applications.ts'
import { hasSecret, signsPeopleIn } from './types.ts'

const { start } = words

interface Target {
  readonly issuer: string
  readonly audience: string
  readonly scope: string
  /** Where the API is called; `undefined` where nobody has said it. */
  readonly callUrl: string | undefined
}

type StartingClient = Pick<Client, 'clientId' | 'type' | 'redirectUris'>

/** `undefined` for one that signs people in and has no redirect URI yet. */
export function startOf(client: StartingClient, target: Target): Readonly<Record<string, string>> | undefined {
  if (!signsPeopleIn(client.type)) return ownToken(client, target)
  const [redirectUri] = client.redirectUris
  return redirectUri === undefined ? undefined : personToken(client, redirectUri, target)
}

function ownToken(
  { clientId }: StartingClient,
  { issuer, audience, scope, callUrl }: Target,
): Readonly<Record<string, string>> {
  return {
    [start.token]: lines([
      `curl ${shellWord(`${issuer}/oauth/token`)}`,
      `-u ${shellWord(clientId)}:"$COUNTERSIGN_CLIENT_SECRET"`,
      '-d grant_type=client_credentials',
      `--data-urlencode ${shellWord(`audience=${audience}`)}`,
      ...(scope === '' ? [] : [`--data-urlencode ${shellWord(`scope=${scope}`)}`]),
    ]),
    ...callOf(callUrl),
  }
}

function personToken(
  { clientId, type }: StartingClient,
  redirectUri: string,
  { issuer, audience, scope }: Target,
): Readonly<Record<string, string>> {
  const { comments } = start
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    audience,
    ...(scope === '' ? {} : { scope }),
    code_challenge_method: 'S256',
  })
  const base64url = "| tr '+/' '-_' | tr -d '='"
  return {
    [start.ask]: [
      `# ${comments.verifier}`,
      `CODE_VERIFIER=$(openssl rand -base64 32 ${base64url})`,
      `CODE_CHALLENGE=$(printf %s "$CODE_VERIFIER" | openssl dgst -sha256 -binary | base64 ${base64url})`,
      `# ${comments.open}`,
      `echo ${shellWord(`${issuer}/oauth/authorize?${query}`)}"&code_challenge=$CODE_CHALLENGE&state=$(openssl rand -hex 16)"`,
    ].join('\n'),
    [start.exchange]: [
      `# ${comments.code}`,
      "CODE='…'",
      lines([
        `curl ${shellWord(`${issuer}/oauth/token`)}`,
        ...(hasSecret(type)
          ? [`-u ${shellWord(clientId)}:"$COUNTERSIGN_CLIENT_SECRET"`]
          : [`-d ${shellWord(`client_id=${clientId}`)}`]),
        '-d grant_type=authorization_code',
        '-d code="$CODE"',
        `--data-urlencode ${shellWord(`redirect_uri=${redirectUri}`)}`,
        '-d code_verifier="$CODE_VERIFIER"',
      ]),
    ].join('\n'),
  }
}

function callOf(callUrl: string | undefined): Readonly<Record<string, string>> {
  if (callUrl === undefined) return {}
  const call = lines([`curl ${shellWord(callUrl)}`, '-H "Authorization: Bearer $ACCESS_TOKEN"'])
  return { [start.call]: `# ${start.comments.token}\nACCESS_TOKEN='…'\n${call}` }
}

function lines(words: readonly string[]): string {
  return words.join(' \\\n  ')
}
