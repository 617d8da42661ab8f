/** `/assets/*`. */
import { problemAnswer } from '@countersign/core'
import type { Answer } from '../../http/answer.ts'
import { problem } from '../../http/problem.ts'
import type { HttpRequest } from '../../http/request.ts'
import { iconAsset, linkAsset, passkeyAsset, sendAsset, styleAsset } from './assets.ts'

const byName = new Map(
  [iconAsset, styleAsset, linkAsset, passkeyAsset, sendAsset].map((each) => [each.path.slice('/assets/'.length), each]),
)

export function assets(request: HttpRequest, name: string): Answer {
  const found = byName.get(name)
  if (found === undefined) return problem(request, problemAnswer(404, 'not_found', 'There is no such file.'))
  const headers = {
    'Content-Type': found.type,
    'Cache-Control': 'public, max-age=31536000, immutable',
    'X-Content-Type-Options': 'nosniff',
  }
  return { status: 200, headers, body: found.text }
}
