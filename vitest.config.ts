import { defineConfig } from 'vitest/config'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Whether this is the long form, `npm run test:full`: 1,000 rounds where `npm test` has 100, 10,000 seeds for 1,500. */
    isFull: boolean
  }
}

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
    testTimeout: mode === 'full' ? 300_000 : 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    provide: { isFull: mode === 'full' },
  },
}))
