import type { portalLinkRoutes } from '../portal_links.ts'
import type { Examples } from './example.ts'

/** The example of the operation on portal links. */
export const portalLinkExamples: Examples<typeof portalLinkRoutes> = {
  createPortalLink: {
    body: {
      team: { externalId: 'crm-4712', name: 'Another Partner' },
      account: { subject: 'customer-4712', name: 'Bea Example', email: 'bea@example.com' },
      scope: 'apis:read keys:read keys:write',
      returnUrl: 'https://shop.example/developers',
    },
    answer: {
      id: 'link_Qw8LbTzY4vNcWm2Rk1sH',
      url: 'https://auth.example/login/link#kT3…',
      expiresAt: '2027-01-15T08:15:00Z',
    },
  },
}
