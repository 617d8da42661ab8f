import { z } from 'zod'
import { route } from './route.ts'
import { nameSchemas } from './schema_names.ts'
import { teamExternalId } from './teams.ts'
import * as v from './values.ts'

const linkTeam = z
  .strictObject({
    externalId: teamExternalId,
    name: v.name,
    access: v.access
      .optional()
      .describe('The ceiling of a team that is made; default what the APIs have in `selfServiceScope`'),
  })
  .describe('The team of that id of yours. It is made where there is none, and else stays as it is')

const linkAccount = z
  .strictObject({
    subject: v.subject.describe('Your own id of the person, `externalSubject` of the account'),
    name: v.personName,
    email: v.email.optional(),
  })
  .describe('The person. An account is made where there is none, and else stays as it is; default the team’s own one')

nameSchemas({ PortalLinkTeam: linkTeam, PortalLinkAccount: linkAccount })

export const portalLinkRoutes = {
  createPortalLink: route({
    operationId: 'createPortalLink',
    method: 'POST',
    path: '/v1/portal-links',
    tag: 'portal links',
    summary: 'Make a link that signs a person of a team in to the portal once, within 15 minutes; teams:write as well',
    scope: 'accounts:write',
    body: z.strictObject({
      teamId: v.id.optional().describe('The team; either this or `team`'),
      team: linkTeam.optional(),
      account: linkAccount.optional(),
      scope: v.scope
        .optional()
        .describe('What the person may do in the team, within what an owner may; default what a developer may'),
      returnUrl: v.httpsUrl.optional().describe('Your page to which the portal leads back: https, or http on loopback'),
    }),
    answer: {
      status: 201,
      schema: z.object({
        id: v.id,
        url: z.string().describe('The link, shown once: whoever has it can sign in'),
        expiresAt: v.time.describe('When it ends'),
      }),
    },
    isIdempotent: true,
  }),
}
