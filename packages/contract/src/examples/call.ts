import type { callRoutes } from '../calls.ts'
import type { Examples } from './example.ts'

/** The example of the operation that calls an API. */
export const callExamples: Examples<typeof callRoutes> = {
  callApi: {
    params: { id: 'api_yzQrE3sfoyzQX1U2' },
    body: { method: 'GET', path: '/orders', query: 'limit=1', headers: { Accept: 'application/json' } },
    answer:
      '{"status":200,"headers":{"content-type":"application/json","content-length":"12"}}\n' +
      '{"chunk":"eyJkYXRhIjpbXX0K"}\n' +
      '{"end":12,"ms":7}\n',
  },
}
