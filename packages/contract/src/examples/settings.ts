import type { z } from 'zod'
import type { settingsRoutes } from '../settings.ts'
import type { Examples } from './example.ts'

const settings: z.input<(typeof settingsRoutes)['getSettings']['answer']['schema']> = {
  name: 'Default',
  logoUri: null,
  colors: null,
  signIn: { password: true, passkey: true, mailCode: true },
  signUp: 'invited',
  portal: 'invited',
}

/** Examples of the operations on the settings of a tenant. */
export const settingsExamples: Examples<typeof settingsRoutes> = {
  getSettings: { answer: settings },
  updateSettings: {
    body: { name: 'Northwind', colors: { accent: '#0b6e4f' }, signIn: { mailCode: false }, signUp: 'off' },
    answer: {
      ...settings,
      name: 'Northwind',
      colors: { accent: '#0b6e4f', accentDark: '#449078' },
      signIn: { password: true, passkey: true, mailCode: false },
      signUp: 'off',
    },
  },
}
