import { defineConfig } from 'vitest/config'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Whether this is the long form, `npm run test:full`: 1,000 rounds where `npm test` has 100, 10,000 seeds for 1,500. */
    isFull: boolean
  }
}

/**
 * Left out of the fast lane, `npm run test:fast`: tests that start PostgreSQL, Redis, proxies or processes of ours, and
 * tests that repeat one thing many times. By name, so that a test which moves to another folder stays left out.
 */
const slowTests = [
  '{bench,conformance,deploy,examples}/**',
  'scripts/{build,promises}.test.ts',
  'packages/cli/**',
  'packages/core/src/**/{crypto,differential}.test.ts',
  'packages/gateway/src/{mixed_load,watch}.test.ts',
  'packages/server/src/{redis,restore,simulation}/**',
  'packages/server/src/**/{bad_input,clean_up,document,feed_revocations,flaws,full_disk,installation,kill}.test.ts',
  'packages/server/src/**/{authority,last_administrator,revoke_against_*,rollback,shared_limits}.test.ts',
  'packages/server/src/**/{enumeration,interleavings,no_access,races,unauthenticated_cost,usage_process,warming}.test.ts',
  'packages/store/src/postgres/**',
  'packages/store/src/**/{chore_thread,kill,sqlite}.test.ts',
  'packages/verifier/src/**/revoked_set.test.ts',
]

// Sources run as they are; the tests run on the pinned Node like the product does.
export default defineConfig(({ mode }) => ({
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'conformance/**/*.test.ts',
      'deploy/**/*.test.ts',
      'examples/**/*.test.ts',
      'scripts/**/*.test.ts',
      'bench/**/*.test.ts',
    ],
    // Half of the fast lane's time would go into loading each module anew for each file.
    isolate: mode !== 'fast',
    exclude: mode === 'fast' ? ['**/node_modules/**', ...slowTests] : ['**/node_modules/**'],
    globalSetup: 'scripts/build_portal.ts',
    testTimeout: mode === 'full' ? 300_000 : 60_000,
    hookTimeout: 120_000,
    // Three files at once on two processors: what a moment of that machine made too late is tried once more, and is said.
    retry: mode === 'full' ? 0 : 1,
    // Tests wait for processes of ours: with two at once, two processors would be idle for a third of the time.
    maxWorkers: 3,
    provide: { isFull: mode === 'full' },
  },
}))
