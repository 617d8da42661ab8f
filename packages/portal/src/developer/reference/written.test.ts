import { expect, it } from 'vitest'
import { nameOperations } from './operation_names.ts'
import { findWritten } from './written.ts'

const named = (method: string, path: string, operationId?: string) =>
  nameOperations([
    {
      method,
      path,
      basePath: '',
      tags: [],
      requires: [],
      public: true,
      ...(operationId === undefined ? {} : { operationId }),
    },
  ])[0]!

it('of operations that share method and path, each has its own description', () => {
  const of = (operationId: string) => ({ put: { operationId, description: operationId, responses: {} } })
  const document = { paths: { '/files/{id}': of('one'), '/files/{id}#other': of('other') } }
  expect(findWritten(document, named('PUT', '/files/{id}', 'other'))?.description).toBe('other')
  expect(findWritten(document, named('PUT', '/files/{id}', 'one'))?.description).toBe('one')
  expect(findWritten(document, named('PUT', '/files/{id}', 'third'))).toBeUndefined()
})

it('parameters of the operation replace those of its path, through references, and what is broken is named', () => {
  const document = {
    paths: {
      '/a/{id}': {
        parameters: [{ name: 'id', in: 'path', schema: { type: 'integer' } }, { $ref: '#/components/parameters/Page' }],
        get: {
          parameters: [
            { name: 'page', in: 'query', required: true, example: 2 },
            { $ref: '#/components/parameters/None' },
          ],
          responses: { 200: { $ref: '#/components/responses/Ok' } },
        },
      },
    },
    components: {
      parameters: { Page: { name: 'page', in: 'query', schema: {} } },
      responses: { Ok: { description: 'It is', content: { 'application/json': { schema: true, example: {} } } } },
    },
  }
  expect(findWritten(document, named('GET', '/a/{id}'))).toMatchObject({
    parameters: [
      { name: 'id', in: 'path', isRequired: true },
      { name: 'page', in: 'query', isRequired: true, example: 2 },
    ],
    body: undefined,
    answers: [{ status: '200', description: 'It is', media: [{ type: 'application/json', example: {} }] }],
    broken: ['#/components/parameters/None'],
  })
})

it('Swagger 2.0 is read into the same shape: bodies, forms and what is produced', () => {
  const document = {
    consumes: ['application/xml'],
    paths: {
      '/a': {
        post: { parameters: [{ name: 'it', in: 'body', required: true, schema: { type: 'object' } }], responses: {} },
        put: {
          parameters: [
            { name: 'photo', in: 'formData', type: 'file', required: true },
            { name: 'limit', in: 'query', type: 'integer', maximum: 9 },
          ],
          produces: ['text/csv'],
          responses: { 200: { schema: { type: 'string' } } },
        },
      },
    },
  }
  expect(findWritten(document, named('POST', '/a'))?.body).toMatchObject({
    isRequired: true,
    media: [{ type: 'application/xml' }],
  })
  expect(findWritten(document, named('PUT', '/a'))).toMatchObject({
    parameters: [{ name: 'limit', schema: { type: 'integer', maximum: 9 } }],
    body: { isRequired: true, media: [{ type: 'multipart/form-data', schema: { required: ['photo'] } }] },
    answers: [{ media: [{ type: 'text/csv' }] }],
  })
})
