/** The description of `createDemoApi`, OpenAPI 3.1. A new object each time. */
export function demoDocument(): object {
  return {
    openapi: '3.1.0',
    info: { title: 'Demo', version: '1.0.0', description: 'A small API to try keys and tokens on.' },
    paths: {
      '/orders': {
        get: {
          operationId: 'listOrders',
          summary: 'List the orders',
          tags: ['orders'],
          security: [{ countersign: ['orders:read'] }],
          responses: { 200: { description: 'The orders, and who asked' } },
        },
        post: {
          operationId: 'createOrder',
          summary: 'Place an order',
          tags: ['orders'],
          security: [{ countersign: ['orders:write'] }],
          requestBody: { required: true, content: { 'application/json': { schema: { type: 'object' } } } },
          responses: { 201: { description: 'The order, and who placed it' }, 400: { description: 'No JSON object' } },
        },
      },
      '/health': {
        get: {
          operationId: 'health',
          summary: 'Whether the API is up',
          tags: ['health'],
          security: [],
          responses: { 200: { description: 'It is' } },
        },
      },
    },
    components: {
      securitySchemes: {
        countersign: {
          type: 'oauth2',
          description: 'An API key or an access token, as a Bearer credential',
          flows: {
            clientCredentials: {
              tokenUrl: '/oauth/token',
              scopes: { 'orders:read': 'Read orders', 'orders:write': 'Place orders' },
            },
          },
        },
      },
    },
  }
}
