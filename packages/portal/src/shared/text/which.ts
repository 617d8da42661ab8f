/** The texts of `/portal/which`. */
import { count } from './count.ts'

const steps = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const

/** `90 days`, `1 hour`: a length of time in the largest unit that says it in whole numbers. */
function lasting(seconds: number): string {
  const [unit, size] = steps.find(([, each]) => seconds % each === 0) ?? (['second', 1] as const)
  return count(seconds / size, unit)
}

export const whichText = {
  title: 'Which credential do I need?',
  lead: 'Three answers lead to one. Each can be ended before its time; they differ in who can keep what.',
  caller: 'Who calls?',
  callers: {
    server: 'My server',
    app: 'An app of mine for people',
    device: 'A browser or phone app',
    agent: 'An agent',
    ci: 'A CI job',
  },
  callerHints: {
    server: 'a program on a machine of yours',
    app: 'it has a server of its own',
    device: 'all of it is with the person',
    agent: 'a program that decides by itself what to call',
    ci: 'or a pod, or a workload of a cloud',
  },
  party: 'For whom?',
  parties: { itself: 'For itself', person: 'For a person' },
  partyHints: { itself: 'it is nobody’s deputy', person: 'with what that person may do' },
  ending: 'Must it be cut off at once?',
  endings: { at_once: 'Yes, everywhere', runs_out: 'A copy may run out' },
  endingHints: {
    at_once: 'no verifier of any maker may take a copy',
    runs_out: 'verifiers that only know our public keys may take it until its end',
  },
  api: 'API',
  open: 'Answer the three questions',
  openDetail: 'The address keeps the answers: it is a link that you can send.',
  take: 'Take',
  credentials: {
    api_key: 'an API key',
    jwt_key: 'a JWT key',
    client_credentials: 'client credentials',
    code: 'the authorization code with PKCE',
    trusted_issuer: 'a trusted issuer',
  },
  reasons: {
    server_key:
      'One text that your server keeps among its secrets and sends with each call. A verifier has to know it before it lets it pass, so none takes it once it has ended.',
    server_token:
      'Your server asks for a token with its client id and secret, and for the next one before it ends. A token that somebody copies is soon worth nothing.',
    app_key:
      'The part of your app that is on your server calls. Keep the key there: never in the page, and never in what people install.',
    app_token:
      'The part of your app that is on your server asks for tokens with its client id and secret. A token that somebody copies is soon worth nothing.',
    agent_key:
      'One text, to be made with few scopes and a near end. Its calls are counted under its name, and you can end it at any moment.',
    agent_jwt:
      'One text that can be read: its holder sees the scope and the end. It is changed and revoked like a key, and other libraries can check it too.',
    person_in_app:
      'The person signs in here and sees each scope that your app asks for. It never sees a password, and the person can put it out again under Connections.',
    person_on_device:
      'Everybody who has the app would have its secret, so it has none. PKCE proves that the one who asked is the one who gets the token.',
    person_instead:
      'A browser or phone app cannot call for itself: everybody who has it would have its secret. Let the person sign in.',
    person_in_agent:
      'The person sees each scope and lets the agent in. It acts within that, and the person can put it out again under Connections.',
    job: 'The job already has a JWT of its CI system or cluster. Trust that issuer, and there is no secret to keep, to renew or to lose.',
    job_for_person:
      'Nobody is there to consent while a job runs, so it calls for itself, with a JWT of its CI system. A rule of the issuer can ask for a claim that names who began the job.',
  },
  costs: 'What it costs',
  atApi: (api: string) => `at ${api}`,
  lookUp: 'Look-up',
  lookUps: {
    once: 'One, when it is new to a verifier. After that it is judged from memory.',
    none: 'None. A signature is checked when it is new; no verifier asks us.',
  },
  cut: 'Cut off',
  bound: (usual: number, most: number) =>
    usual === most
      ? `Every verifier of this API refuses it within ${count(most, 'second')}.`
      : `Every verifier of this API refuses it within its bound: ${count(usual, 'second')}, or what its owner chose, at most ${most}.`,
  elsewhere: 'A verifier of another maker, which knows the public keys alone, takes it until its own end.',
  life: 'Life',
  lives: {
    api_key: () => 'Until the end that you choose: 90 days unless you say otherwise.',
    jwt_key: (seconds: number) => `Until the end that it is made with: at most ${lasting(seconds)}.`,
    client_credentials: (seconds: number) => `${lasting(seconds)} for each token. The secret lasts until you end it.`,
    code: (seconds: number) =>
      `${lasting(seconds)} for each token. Where there is a refresh token, 30 days without use, or 180 days.`,
    trusted_issuer: (seconds: number) => `As long as the job’s own JWT: at most ${lasting(seconds)}.`,
  },
  make: 'Create a key',
  makeFor: 'The form opens with this API. Nothing is made before you press its button.',
  notYours: 'A developer or an owner of the team can make it.',
  how: 'How it is made',
  makeApplication: 'Make an application',
  byCommand: {
    jwt_key: 'The portal lists these, and makes none. An operator of this server makes it with these commands:',
    client_credentials:
      'An operator of this server can also make the client, with the first command; its secret is shown once. Your server then asks for tokens:',
    code: 'An operator of this server can also make the client of your app, with this command:',
    trusted_issuer: 'An operator of this server trusts the issuer of the job with these commands:',
  },
  endpoints: 'Addresses that your app needs: the metadata of this server',
  native: 'An app that is installed, on a phone as on a desk, is of the type native.',
  commands: 'command line',
  noApi: 'Your team sees no API yet',
  noApiDetail: 'An operator of this server gives the team access to one. The answers above hold for any.',
  loading: 'Loading the terms',
} as const
