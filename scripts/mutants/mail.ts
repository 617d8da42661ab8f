/** Flaws of mailed codes, sign-up, recovery and invitations, each left in where a test must see it. */
import type { Mutant } from './mutant.ts'

const people = 'packages/server/src/people'
const codes = `${people}/mail_codes`
const signIn = [`${codes}/sign_in_code.test.ts`]
const signUp = [`${codes}/sign_up.test.ts`]
const recovery = [`${codes}/recovery.test.ts`]
const address = [`${codes}/new_address.test.ts`]
const races = [`${codes}/races.test.ts`]
const invited = [`${codes}/invited.test.ts`]

export const mailMutants: readonly Mutant[] = [
  {
    id: 'mail-code-many',
    what: 'a mailed code is good for as many at once as may try',
    file: `${codes}/mail_code.ts`,
    find: 'const redeemed = await transaction.singleUse.redeem(kind, tenant.id, challenge, now)',
    replace: 'const redeemed = { isFirst: true }',
    tests: races,
  },
  {
    id: 'link-again',
    what: 'a link signs in whoever opens it, the first and all others',
    file: `${people}/links.ts`,
    find: 'redeemed?.isFirst === true',
    replace: 'redeemed !== undefined',
    tests: races,
  },
  {
    id: 'mail-code-any-browser',
    what: 'a mailed code is good at another browser',
    file: `${codes}/mail_code.ts`,
    find: ' && timingSafeEqual(asked.browser, browserDigest(browser))',
    replace: '',
    tests: signIn,
  },
  {
    id: 'mail-code-any-purpose',
    what: 'a code for one thing does another',
    file: `${codes}/mail_code.ts`,
    find: 'asked?.purpose === purpose && ',
    replace: 'asked !== undefined && purpose.length > 0 && ',
    tests: [`${codes}/races.test.ts`],
  },
  {
    id: 'mail-code-tries',
    what: 'wrong codes are not counted',
    file: `${codes}/mail_code.ts`,
    find: "  if (!isRight && left > 0) return 'wrong'\n",
    replace: "  if (!isRight) return 'wrong'\n",
    tests: signIn,
  },
  {
    id: 'mail-code-old-address',
    what: 'a code that was mailed to the address of before signs in',
    file: `${codes}/sign_in_code.ts`,
    find: 'account === undefined || !hasAddress(account, tried.email)',
    replace: 'account === undefined || hasAddress === undefined',
    tests: signIn,
  },
  {
    id: 'mails-without-end',
    what: 'an address is sent as many mails as somebody asks for',
    file: `${codes}/mail_code.ts`,
    find: '  if (sent.before + sent.now >= mailsPerAddress) return false\n',
    replace: '',
    tests: signIn,
  },
  {
    id: 'sign-up-known-address',
    what: 'an address that has an account is mailed a code that makes another',
    file: `${codes}/sign_up.ts`,
    find: 'account === undefined ? signUpMail(to, code) : knownAddressMail(to, at.tenant.issuer)',
    replace: 'account === null ? knownAddressMail(to, at.tenant.issuer) : signUpMail(to, code)',
    tests: signUp,
  },
  {
    id: 'sign-up-when-closed',
    what: 'a sign-up goes through once nobody signs up any more',
    file: `${codes}/sign_up.ts`,
    find: "if (settings.signUp !== 'open') return",
    replace: 'if (settings.signUp === undefined) return',
    tests: [`${codes}/races.test.ts`],
  },
  {
    id: 'recovery-ends-nothing',
    what: 'sessions outlive the recovery of a password',
    file: `${codes}/recovery.ts`,
    find: '          objects,\n',
    replace: '          objects: () => (objects === undefined ? [] : []),\n',
    tests: recovery,
  },
  {
    id: 'recovery-after-cut-off',
    what: 'a code outlives the end of its account',
    file: `${codes}/recovery.ts`,
    find: "        if (tried.position < cutOff) return { refused: 'over' }\n",
    replace: '',
    tests: recovery,
  },
  {
    id: 'address-of-any-session',
    what: 'a code for one account gives its address to another',
    file: `${codes}/new_address.ts`,
    find: 'account.id !== accountId || session.id !== sessionId',
    replace: 'accountId === sessionId',
    tests: address,
  },
  {
    id: 'invitation-handed-on',
    what: 'a link that somebody else has seen proves an address',
    file: `${codes}/invited.ts`,
    find: '!invited.isMailed || ',
    replace: '',
    tests: invited,
  },
  {
    id: 'invitation-any-browser',
    what: 'an invitation that one browser opened is good at another',
    file: `${codes}/invited.ts`,
    find: '  if (opened === undefined || !timingSafeEqual(opened.browser, browserDigest(browser))) return undefined\n',
    replace: '  if (opened === undefined || browser === undefined) return undefined\n',
    tests: invited,
  },
]
