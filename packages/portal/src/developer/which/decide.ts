/** The credential that fits, by the answers to three questions: docs/which_credential.md as a table. */

/** Programs that call an API. `app`: one with a server of its own. `device`: all of it runs in a browser or on a phone. */
export const callers = ['server', 'app', 'device', 'agent', 'ci'] as const
/** The party that the program calls for. */
export const parties = ['itself', 'person'] as const
/** `at_once`: no copy may work after it was ended. `runs_out`: a copy may work until its own end at verifiers of other makers. */
export const endings = ['at_once', 'runs_out'] as const
export const credentials = ['api_key', 'jwt_key', 'client_credentials', 'code', 'trusted_issuer'] as const

export type Caller = (typeof callers)[number]
export type Party = (typeof parties)[number]
export type Ending = (typeof endings)[number]
export type Credential = (typeof credentials)[number]

export interface Answers {
  readonly caller: Caller
  readonly party: Party
  readonly ending: Ending
}

/** A name for each reason, as the texts have them. */
export type Reason =
  | 'server_key'
  | 'server_token'
  | 'app_key'
  | 'app_token'
  | 'agent_key'
  | 'agent_jwt'
  | 'person_in_app'
  | 'person_on_device'
  | 'person_instead'
  | 'person_in_agent'
  | 'job'
  | 'job_for_person'

export interface Decision {
  readonly credential: Credential
  readonly reason: Reason
}

type Row = readonly [Credential, Reason]

const forItself: Readonly<Record<Caller, Readonly<Record<Ending, Row>>>> = {
  server: { at_once: ['api_key', 'server_key'], runs_out: ['client_credentials', 'server_token'] },
  app: { at_once: ['api_key', 'app_key'], runs_out: ['client_credentials', 'app_token'] },
  // Everybody who has the page or the app would have its secret.
  device: { at_once: ['code', 'person_instead'], runs_out: ['code', 'person_instead'] },
  agent: { at_once: ['api_key', 'agent_key'], runs_out: ['jwt_key', 'agent_jwt'] },
  ci: { at_once: ['trusted_issuer', 'job'], runs_out: ['trusted_issuer', 'job'] },
}

const forPerson: Readonly<Record<Caller, Row>> = {
  server: ['code', 'person_in_app'],
  app: ['code', 'person_in_app'],
  device: ['code', 'person_on_device'],
  agent: ['code', 'person_in_agent'],
  // Nobody is there to consent while a job runs.
  ci: ['trusted_issuer', 'job_for_person'],
}

export function decide({ caller, party, ending }: Answers): Decision {
  const [credential, reason] = party === 'person' ? forPerson[caller] : forItself[caller][ending]
  return { credential, reason }
}
