import { routes } from '@countersign/contract'
import type { Settings, SettingsContent, Tenant } from '@countersign/store'
import { wholeTenant } from '../../caller/reach.ts'
import { tenantObject } from '../../feed/objects.ts'
import { isReadable, readable } from '../../people/colors.ts'
import { relyingParty } from '../../people/factors/passkey.ts'
import { withDefaults } from '../../people/settings.ts'
import type { ReadContext, WriteContext } from '../context.ts'
import { invalid, notFound, reads } from '../find.ts'
import { type AnswerOf, type Operation, preparedOperation, readOperation } from '../operation.ts'
import { fetchPicture, type Picture } from './picture.ts'

function findSettings(context: ReadContext | WriteContext): Promise<Settings | undefined> {
  return reads(context).settings.find(wholeTenant(context.reach))
}

async function findTenant(context: ReadContext | WriteContext): Promise<Tenant> {
  const tenant = await reads(context).tenants.find(wholeTenant(context.reach))
  if (tenant === undefined) throw notFound('tenant')
  return tenant
}

type View = AnswerOf<typeof routes.getSettings>

function viewOf({ services }: Pick<ReadContext, 'services'>, { name }: Tenant, content: SettingsContent): View {
  const { logo, colors = null, ...rest } = withDefaults(content, services.openness)
  return { name, logoUri: logo?.uri ?? null, colors, ...rest }
}

const getSettings = readOperation(routes.getSettings, async (context) => {
  const settings = await findSettings(context)
  return viewOf(context, await findTenant(context), settings?.content ?? {})
})

type Updating = typeof routes.updateSettings

function prepare(context: ReadContext<Updating>): Promise<Picture | undefined> {
  const { logoUri, colors } = context.body
  if (colors != null) requireReadable(colors)
  return fetchPicture(context, logoUri)
}

function requireReadable(colors: { readonly accent: string; readonly accentDark?: string | undefined }): void {
  for (const [member, theme] of [
    ['accent', 'light'],
    ['accentDark', 'dark'],
  ] as const) {
    const color = colors[member]
    if (color === undefined || isReadable(color, theme)) continue
    throw invalid(`/colors/${member}`, `cannot be read on a ${theme} ground; ${readable(color, theme)} can`)
  }
}

const updateSettings = preparedOperation(routes.updateSettings, prepare, async (context, fetched) => {
  const { body, now, tenant: own, transaction, actor, requestId } = context
  const stored = await findSettings(context)
  const tenant = await findTenant(context)
  const before = stored?.content ?? {}
  const content = changedContent(context, before, fetched)
  requireWayIn(context, content)
  const at = Math.floor(now)
  const changed: Settings = {
    tenant: own.id,
    content,
    version: (stored?.version ?? 0) + 1,
    createdAt: stored?.createdAt ?? at,
    updatedAt: at,
  }
  await transaction.settings.put(changed)
  if (fetched !== undefined) await transaction.logos.put({ tenant: own.id, ...fetched, createdAt: at })
  if (before.logo !== undefined && before.logo.digest !== content.logo?.digest)
    await transaction.logos.deleteUnused(own.id, before.logo.digest)
  const renamed = await rename(context, tenant, body.name)
  const after = viewOf(context, renamed ?? tenant, content)
  transaction.append({
    tenant: own.id,
    audit: {
      actor,
      action: 'settings.update',
      objectType: 'settings',
      objectId: own.id,
      before: viewOf(context, tenant, before),
      after,
      requestId,
    },
    ...(renamed === undefined ? {} : { objects: () => [tenantObject(renamed)] }),
  })
  return { status: 200, body: after }
})

/** A code by mail is none where no mail is sent, and a passkey none where the server is reached by an address. */
function requireWayIn({ services, tenant }: WriteContext<Updating>, { signIn }: SettingsContent): void {
  if (signIn === undefined || signIn.password) return
  if (signIn.passkey && relyingParty(tenant.issuer) !== undefined) return
  if (signIn.mailCode && services.mailer.isOn) return
  if (signIn.mailCode) throw invalid('/signIn', 'leaves no way in: mail is off, so no code is sent')
  const why = signIn.passkey ? 'passkeys want a server that has a name' : 'offer one at least'
  throw invalid('/signIn', `leaves no way in: ${why}`)
}

/** Members that are not sent stay; `null` gives the default back. */
function changedContent(
  { body }: WriteContext<Updating>,
  before: SettingsContent,
  fetched: { readonly digest: string } | undefined,
): SettingsContent {
  const { logo: _, colors: __, ...rest } = before
  const logo = body.logoUri === undefined ? before.logo : fetched && { uri: body.logoUri ?? '', digest: fetched.digest }
  const colors = body.colors === undefined ? before.colors : (body.colors ?? undefined)
  const { password = true, passkey = true, mailCode = true } = { ...before.signIn, ...body.signIn }
  return {
    ...rest,
    ...(logo === undefined ? {} : { logo }),
    ...(colors === undefined ? {} : { colors: lowerCase(colors) }),
    ...(body.signIn === undefined ? {} : { signIn: { password, passkey, mailCode } }),
    ...(body.signUp === undefined ? {} : { signUp: body.signUp }),
    ...(body.portal === undefined ? {} : { portal: body.portal }),
  }
}

/** Later changes compare and show them in one spelling. */
function lowerCase({ accent, accentDark }: { readonly accent: string; readonly accentDark?: string | undefined }) {
  return {
    accent: accent.toLowerCase(),
    ...(accentDark === undefined ? {} : { accentDark: accentDark.toLowerCase() }),
  }
}

async function rename(
  { now, transaction }: WriteContext,
  tenant: Tenant,
  name: string | undefined,
): Promise<Tenant | undefined> {
  if (name === undefined || name === tenant.name) return undefined
  const renamed: Tenant = { ...tenant, name, version: tenant.version + 1, updatedAt: Math.floor(now) }
  await transaction.tenants.update(renamed)
  return renamed
}

export const settingsOperations: readonly Operation[] = [getSettings, updateSettings]
