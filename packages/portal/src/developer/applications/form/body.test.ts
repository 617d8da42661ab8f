import { expect, it } from 'vitest'
import { applicationOf } from './application.fixture.ts'
import { createBodyOf, draftOf, patchOf } from './body.ts'
import { accessOf, accessText, readApplicationDraft } from './draft.ts'

const audience = 'https://orders.example'

it('a draft is read from the address line by line, without what hides it from readers, and with nothing else', () => {
  const read = readApplicationDraft({
    name: 'Shop\u202e\n2',
    redirectUris: 'https://shop.example/a\n\u001bhttps://shop.example/b',
    homepageUri: '',
    panel: 'edit',
  })
  expect(read).toEqual({
    name: 'Shop  2',
    redirectUris: 'https://shop.example/a\n https://shop.example/b',
    homepageUri: '',
  })
})

it('an application that signs nobody in is sent without the members about that, whatever the address has', () => {
  const draft = readApplicationDraft({
    name: ' Worker ',
    redirectUris: 'https://shop.example/a',
    homepageUri: 'https://shop.example',
    offlineAccess: 'true',
    access: `${audience} orders:read`,
  })
  const access = [{ audience, scope: 'orders:read' }]
  expect(createBodyOf(draft, 'service', undefined)).toEqual({ name: 'Worker', type: 'service', access })
  expect(createBodyOf(draft, 'web', 'team_1')).toEqual({
    name: 'Worker',
    type: 'web',
    teamId: 'team_1',
    access,
    redirectUris: ['https://shop.example/a'],
    offlineAccess: true,
    homepageUri: 'https://shop.example',
  })
  expect(createBodyOf(draft, 'native', undefined)).not.toHaveProperty('offlineAccess')
})

it('lines that say nothing are not sent, and a wrong one is sent as it stands', () => {
  const draft = readApplicationDraft({ redirectUris: '\nhttps://shop.example/a b\n' })
  expect(createBodyOf(draft, 'spa', undefined).redirectUris).toEqual(['https://shop.example/a b'])
})

it('access is written and read, an API without a scope too', () => {
  const access = [
    { audience, scope: 'orders:read orders:write' },
    { audience: 'urn:other', scope: '' },
  ]
  expect(accessOf(accessText(access))).toEqual(access)
})

it('a change has the members that differ, and no other', () => {
  const client = applicationOf({ homepageUri: 'https://shop.example' })
  expect(patchOf({}, client)).toEqual({})
  expect(patchOf(draftOf(client), client)).toEqual({})
  expect(patchOf({ access: `${audience} orders:write orders:read` }, client)).toEqual({})
  expect(patchOf({ redirectUris: 'https://shop.example/back\n' }, client)).toEqual({})
  expect(
    patchOf({ name: 'Store', homepageUri: ' ', redirectUris: '', offlineAccess: 'true', access: '' }, client),
  ).toEqual({ name: 'Store', homepageUri: null, redirectUris: [], offlineAccess: true, access: [] })
})
