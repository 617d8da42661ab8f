import { z } from 'zod'
import { openText, problemCodes } from './codes.ts'
import { route } from './route.ts'
import { nameSchemas } from './schema_names.ts'

/** RFC 9110 §5.6.2. */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

const call = z.strictObject({
  method: z
    .string()
    .max(32)
    .regex(token, 'must be an HTTP method, in upper case')
    .describe('The method of a described operation, in upper case; HEAD goes with its GET'),
  path: z
    .string()
    .max(8_192)
    .regex(/^\/[!-"$->@-~]*$/, 'must begin with a slash, in visible ASCII without # and ?')
    .describe(
      'The path of the request from the basePath of the document on, percent-encoded; `callUrl` goes before it',
    ),
  query: z
    .string()
    .max(8_192)
    .regex(/^[!-"$-~]*$/, 'must be visible ASCII without #')
    .optional()
    .describe('Its query, percent-encoded, without `?`'),
  headers: z
    .record(
      z.string().max(256).regex(token, 'must be the name of a header'),
      z
        .string()
        .max(16_384)
        .regex(/^[\t\x20-\x7e\xa0-\xff]*$/, 'must have no control characters, and none beyond Latin-1'),
    )
    .refine(
      (fields) => new Set(Object.keys(fields).map((name) => name.toLowerCase())).size === Object.keys(fields).length,
      'names a header twice',
    )
    .optional()
    .describe(
      'Its headers, credentials too. `Cookie`, `Host`, those of framing and of one hop, `Forwarded` and its kin, and `X-Countersign-*` are not sent',
    ),
  body: z.string().max(1_048_576).optional().describe('Its body as text, which is sent in UTF-8; default none'),
  bodyEncoding: z.enum(['base64']).optional().describe('The body is base64 (RFC 4648 §4) of its bytes'),
})

const callLine = z.union([
  z.object({
    status: z.int().describe('The status that the API answered, of a redirect too'),
    headers: z
      .record(z.string(), z.string())
      .describe('Its headers, names in lower case; those of one name are joined by a comma, set-cookie by a line feed'),
  }),
  z.object({ chunk: z.string().describe('The next bytes of the body, as sent by the API, in base64') }),
  z.object({
    end: z.int().describe('The number of bytes in all chunks: the body has ended'),
    ms: z.int().describe('The time of the whole call, in milliseconds'),
    cut: z.boolean().optional().describe('True where the body is longer and was cut here'),
  }),
  z.object({
    error: openText(problemCodes, 'The answer broke off: why'),
    detail: z.string().describe('The same in a sentence'),
    ms: z.int().describe('The time until then, in milliseconds'),
  }),
])

export const callRoutes = {
  callApi: route({
    operationId: 'callApi',
    method: 'POST',
    path: '/v1/apis/{id}/calls',
    tag: 'apis',
    summary:
      'Call a described operation of the API from this server, at its callUrl, and read the answer as lines of JSON while it comes',
    scope: 'apis:read',
    body: call,
    answer: {
      status: 200,
      schema: z
        .string()
        .describe(
          'The status and headers first, then the chunks of the body, and one last line that says how it ended',
        ),
      contentType: 'application/x-ndjson',
      line: callLine,
    },
  }),
}

nameSchemas({ ApiCall: call, ApiCallLine: callLine })
