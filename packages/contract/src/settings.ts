import { z } from 'zod'
import { route } from './route.ts'
import { nameSchemas } from './schema_names.ts'
import * as v from './values.ts'

const openness = z.enum(['open', 'invited', 'off'])

const signUp = openness.describe(
  'Who may become an account: everybody by a code that is mailed to them, those who were invited, or nobody',
)

const portal = openness.describe('Who gets a team: everybody at the first visit, those who were invited, or nobody')

const color = z
  .string()
  .max(7)
  .regex(/^#[0-9a-f]{6}$/i, 'must be #rrggbb')

const accent = color.describe('What can be acted on, on a light ground: contrast 4.5 to 1 with #f8fbfa at least')
const accentDark = color.describe(
  'The same on a dark ground: contrast 4.5 to 1 with #111a1d at least. Default: `accent`, made lighter as far as needed',
)

const colorsInput = z.strictObject({ accent, accentDark: accentDark.optional() })
const colors = z.object({ accent, accentDark })

const way = (text: string) => z.boolean().describe(text)
const password = way('With a password')
const passkey = way('With a passkey')
const mailCode = way('With a code that is mailed to the person; it needs mail')

const signInInput = z.strictObject({
  password: password.optional(),
  passkey: passkey.optional(),
  mailCode: mailCode.optional(),
})
const signIn = z.object({ password, passkey, mailCode })

const settings = z.object({
  name: v.name,
  logoUri: v.logoUri.nullable().describe('Where the picture that pages show was fetched; null for none'),
  colors: colors.nullable().describe('The colours of the pages; null for those of the house'),
  signIn: signIn.describe('The ways in that people are offered'),
  signUp,
  portal,
})

nameSchemas({ Settings: settings, Colors: colors, ColorsInput: colorsInput, SignInWays: signIn })

/** The operations on the settings of a tenant. */
export const settingsRoutes = {
  getSettings: route({
    operationId: 'getSettings',
    method: 'GET',
    path: '/v1/settings',
    tag: 'settings',
    summary: 'Read what people see of the tenant, and how they come in',
    scope: 'settings:read',
    answer: { status: 200, schema: settings },
  }),
  updateSettings: route({
    operationId: 'updateSettings',
    method: 'PATCH',
    path: '/v1/settings',
    tag: 'settings',
    summary: 'Change what people see of the tenant, and how they come in',
    scope: 'settings:write',
    body: z.strictObject({
      name: v.name.optional(),
      logoUri: v.logoUri.nullable().optional().describe('A picture to fetch and show; null shows none'),
      colors: colorsInput.nullable().optional().describe('The colours of the pages; null for those of the house'),
      signIn: signInInput.optional().describe('The ways in that people are offered; one at least is left'),
      signUp: signUp.optional(),
      portal: portal.optional(),
    }),
    answer: { status: 200, schema: settings },
  }),
}
