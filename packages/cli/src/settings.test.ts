import { expect, it } from 'vitest'
import { startDevOfFile } from './countersign.fixture.ts'

const { cli, json } = await startDevOfFile()

it('settings are shown and changed; dev begins open, and what is not given stays', async () => {
  expect(await json('settings', 'show')).toMatchObject({ signUp: 'open', portal: 'open', colors: null })
  const flags = ['--name', 'Northwind', '--accent', '#0b6e4f', '--sign-in', 'password,passkey'] as const
  expect(await json('settings', 'update', ...flags)).toMatchObject({
    name: 'Northwind',
    colors: { accent: '#0b6e4f' },
    signIn: { password: true, passkey: true, mailCode: false },
    signUp: 'open',
  })
  const shown = await cli(['settings', 'update', '--sign-up', 'off', '--no-colors', '--no-logo'])
  expect(shown.out).toMatch(
    /^name +Northwind\nlogoUri +-\nsignUp +off\nportal +open\ncolors +-\nsignIn +password, passkey\n$/,
  )
})

it('a setting that is wrong changes nothing and says what would do', async () => {
  expect((await cli(['settings', 'update'])).code).toBe(2)
  expect((await cli(['settings', 'update', '--sign-up', 'everybody'])).err).toContain('open, invited, off')
  expect((await cli(['settings', 'update', '--sign-in', 'luck'])).err).toContain('password, passkey, mail-code')
  const yellow = await cli(['settings', 'update', '--accent', '#ffff00'])
  expect([yellow.code, yellow.err]).toEqual([2, expect.stringMatching(/#[0-9a-f]{6} can/)])
  expect((await cli(['settings', 'update', '--accent-dark', '#ffffff'])).code).toBe(2)
  const both = await cli(['settings', 'update', '--accent', '#0b6e4f', '--no-colors'])
  expect([both.code, both.err]).toEqual([2, 'countersign: --accent and --no-colors exclude each other\n'])
})
