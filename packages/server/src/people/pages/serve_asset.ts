/** `/assets/*`. */
import { decodeBase64url, problemAnswer } from '@countersign/core'
import type { Services, TenantContext } from '../../context.ts'
import type { Answer } from '../../http/answer.ts'
import { answerKept } from '../../http/kept_document.ts'
import { problem } from '../../http/problem.ts'
import type { HttpRequest } from '../../http/request.ts'
import { readSettings } from '../settings.ts'
import { colorsAsset, iconAsset, linkAsset, passkeyAsset, sendAsset, styleAsset } from './assets.ts'

const ours = new Map([iconAsset, styleAsset, linkAsset, passkeyAsset, sendAsset].map((each) => [each.path, each]))

type AssetServices = Pick<Services, 'openness' | 'portal' | 'store'>

export async function assets(services: AssetServices, tenant: TenantContext, request: HttpRequest): Promise<Answer> {
  const path = request.path.slice(request.path.lastIndexOf('/assets/'))
  const ofPortal = services.portal.find(path)
  if (ofPortal !== undefined) return answerKept(request, ofPortal)
  const found = ours.get(path) ?? (await colorsOf(services, tenant, path))
  if (found !== undefined) return file(found.type, found.text)
  const logo = /^\/assets\/logo\/([0-9a-f]{64})$/.exec(path)?.[1]
  const picture = logo === undefined ? undefined : await services.store.read.logos.find(tenant.id, logo)
  if (picture === undefined) return problem(request, problemAnswer(404, 'not_found', 'There is no such file.'))
  // The bytes are a stranger's: opened by itself, the picture is of no origin.
  const sandbox = { 'Content-Security-Policy': "sandbox; default-src 'none'" }
  return file(picture.type, decodeBase64url(picture.content) ?? '', sandbox)
}

/** Only those that the tenant has now. */
async function colorsOf({ openness, store }: AssetServices, tenant: TenantContext, path: string) {
  if (!path.startsWith('/assets/colors-')) return undefined
  const { colors } = await readSettings(store.read, tenant, openness)
  const asset = colors && colorsAsset(colors)
  return asset?.path === path ? asset : undefined
}

function file(type: string, body: string | Uint8Array, more: Readonly<Record<string, string>> = {}): Answer {
  const headers = {
    'Content-Type': type,
    'Cache-Control': 'public, max-age=31536000, immutable',
    'X-Content-Type-Options': 'nosniff',
    ...more,
  }
  return { status: 200, headers, body }
}
