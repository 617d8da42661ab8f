import type { verificationRoutes } from '../verification.ts'
import type { Examples } from './example.ts'
import { grantExample } from './grant.ts'

/** Examples of the operations on verification. */
export const verificationExamples: Examples<typeof verificationRoutes> = {
  verify: {
    body: {
      credential: 'cs_live_rrnsvsVJmNHj_…',
      audience: 'https://orders.example',
      scope: 'orders:read',
      ip: '192.0.2.7',
    },
    answer: {
      active: true,
      grant: grantExample,
      rateLimit: { name: 'default', limit: 100, windowSeconds: 60, remaining: 99, resetSeconds: 1 },
      rateLimits: [
        { name: 'default', limit: 100, windowSeconds: 60, remaining: 99, resetSeconds: 1 },
        { name: 'api:default', limit: 1000, windowSeconds: 60, remaining: 999, resetSeconds: 1 },
      ],
    },
  },
  lookup: {
    body: { digest: 'CVyqBWaxdOyrH_arKe_9-rXHL9u9WVomxRGTZ_gfZgw' },
    answer: {
      record: {
        kind: 'api_key',
        id: 'rrnsvsVJmNHj',
        version: 2,
        prefix: 'cs',
        clientId: 'client_mzKsr9sjRwxw8Ag2psrG',
        subject: 'customer-17',
        apiId: 'api_yzQrE3sfoyzQX1U2',
        scope: 'orders:read orders:write',
        status: 'active',
        expiresAt: 1831536000,
        environment: 'live',
        metadata: { region: 'eu' },
        rateLimit: { limit: 100, windowSeconds: 60 },
        limitId: 'rrnsvsVJmNHj',
        lineage: [],
        inherited: [],
        audience: 'https://orders.example',
        clientStatus: 'active',
        access: 'orders:read orders:write',
        clientMetadata: { plan: 'pro' },
      },
      place: {
        epoch: '--NSbFX2MyT_V1muGASf1g',
        sequence: 11,
        chain: 'zu1QHeRlwOA22-ISd5ESAc1yVLvCnkvnGSs1vSGmB7E',
      },
      ageMs: 0,
    },
  },
  feedSnapshot: {
    answer:
      '{"tenant":"default","issuer":"https://auth.example","place":{"epoch":"--NSbFX2MyT_V1muGASf1g","sequence":16,"chain":"7ZeH0YIf9hGPUB5Q8r7L3zAOMVm9LjNYBcEEK0cHtyU"},"seal":"NxoXzJ1mrbucIN-c2_tR9g","now":1800000000,"dropTime":1800000000}\n{"type":"client","id":"client_mzKsr9sjRwxw8Ag2psrG","version":3,"state":{"status":"active","access":{"api_yzQrE3sfoyzQX1U2":"orders:read orders:write"},"cutOff":0},"dropAt":1832054710}\n',
  },
  feed: {
    query: {
      after: '15',
      epoch: '--NSbFX2MyT_V1muGASf1g',
      chain: 'YDH3YlTyQ4VAxGJUqyRPjEryLtD_krHtwasmFHUk7ac',
    },
    answer: {
      entries: [
        {
          type: 'token',
          id: 'gUCE8EB3YRrPBouWz5aww9',
          version: 3,
          state: { status: 'revoked', expiresAt: 1800604800 },
          dropAt: 1802592310,
          sequence: 16,
          at: 1800000000,
          audit: 'oCrpNgCzFaW5ExpDVg4Khv4yg_mXLk31wHg-NvaQDMg',
          chain: '7ZeH0YIf9hGPUB5Q8r7L3zAOMVm9LjNYBcEEK0cHtyU',
          mac: 'evA4SNOv73zWYOX3rV9lsQ',
          seal: 'NxoXzJ1mrbucIN-c2_tR9g',
        },
      ],
    },
  },
  feedPosition: {
    body: {
      verifierId: 'orders-7f3a',
      epoch: '--NSbFX2MyT_V1muGASf1g',
      sequence: 15,
      chain: 'YDH3YlTyQ4VAxGJUqyRPjEryLtD_krHtwasmFHUk7ac',
      nonce: 'q1',
      maxStalenessSeconds: 10,
    },
    answer: {
      nonce: 'q1',
      epoch: '--NSbFX2MyT_V1muGASf1g',
      head: 15,
      ageMs: 6.6,
      now: 1800000000,
      dropTime: 1800000000,
      seal: 'lNxDrW1y748aXOg6CFtvPg',
    },
  },
  handBackRevocations: {
    body: {
      epoch: '--NSbFX2MyT_V1muGASf1g',
      revocations: [
        {
          type: 'token',
          id: 'gUCE8EB3YRrPBouWz5aww9',
          dropAt: 1802592310,
          mac: 'evA4SNOv73zWYOX3rV9lsQ',
        },
      ],
    },
    answer: { applied: 0, known: 1, refused: 0 },
  },
  createAssertion: {
    body: { credential: 'cs_live_rrnsvsVJmNHj_…', audience: 'https://orders.example', ip: '192.0.2.7' },
    answer: { assertion: 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImNvdW50ZXJz…', expiresAt: '2027-01-15T08:01:00Z' },
  },
  listVerifiers: {
    answer: {
      data: [
        {
          id: 'fRqmzQrAqtwf:orders-7f3a',
          clientId: 'client_8CwTqzMZrUkQ3sJ0hNfd',
          sequence: 15,
          maxStalenessSeconds: 10,
          askedAt: '2027-01-15T08:00:00Z',
        },
      ],
    },
  },
  getRevocation: {
    params: { feedSequence: '16' },
    answer: {
      sequence: 16,
      at: '2027-01-15T08:00:00Z',
      verifiers: [
        {
          id: 'fRqmzQrAqtwf:orders-7f3a',
          appliedAt: null,
          maxStalenessSeconds: 10,
          sequence: 15,
          askedAt: '2027-01-15T08:00:00Z',
        },
      ],
      applied: 0,
      total: 1,
      complete: false,
    },
  },
}
