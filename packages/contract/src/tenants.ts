import { z } from 'zod'
import { route } from './route.ts'
import { nameSchemas } from './schema_names.ts'
import * as v from './values.ts'

const slug = z
  .string()
  .max(63)
  .regex(
    /^[a-z0-9](?:-?[a-z0-9]){0,62}$/,
    'must be lower-case letters, digits and single hyphens between them, at most 63',
  )
  .describe('Its part of the issuer: <base URL>/t/<slug>; never given twice')

export const tenant = z.object({
  id: v.id,
  slug: z.string().describe('Its part of the issuer; empty for the default tenant'),
  name: v.name,
  issuer: z.string().describe('The issuer of its tokens (RFC 8414 §2); its endpoints are below it'),
  status: v.objectStatus,
  ...v.stamps,
})

nameSchemas({ Tenant: tenant })

export const tenantRoutes = {
  createTenant: route({
    operationId: 'createTenant',
    method: 'POST',
    path: '/v1/tenants',
    tag: 'tenants',
    summary: 'Create a tenant with an issuer, signing keys, APIs and clients of its own',
    scope: 'tenants:write',
    body: z.strictObject({ slug, name: v.name }),
    answer: {
      status: 201,
      schema: tenant.extend({
        adminKey: z.string().describe('A key with every management scope of the tenant, shown once'),
      }),
    },
    isIdempotent: true,
    isDefaultTenantOnly: true,
  }),
  listTenants: route({
    operationId: 'listTenants',
    method: 'GET',
    path: '/v1/tenants',
    tag: 'tenants',
    summary: 'List tenants',
    scope: 'tenants:read',
    query: z.strictObject(v.pageQuery),
    answer: { status: 200, schema: v.page(tenant) },
    isDefaultTenantOnly: true,
  }),
  getTenant: route({
    operationId: 'getTenant',
    method: 'GET',
    path: '/v1/tenants/{id}',
    tag: 'tenants',
    summary: 'Read a tenant',
    scope: 'tenants:read',
    answer: { status: 200, schema: tenant },
    isDefaultTenantOnly: true,
  }),
  updateTenant: route({
    operationId: 'updateTenant',
    method: 'PATCH',
    path: '/v1/tenants/{id}',
    tag: 'tenants',
    summary: 'Change a tenant; while it is disabled, nothing of it is accepted anywhere',
    scope: 'tenants:write',
    body: z.strictObject({ name: v.name.optional(), status: v.switchable.optional() }),
    answer: { status: 200, schema: tenant },
    isDefaultTenantOnly: true,
  }),
  deleteTenant: route({
    operationId: 'deleteTenant',
    method: 'DELETE',
    path: '/v1/tenants/{id}',
    tag: 'tenants',
    summary: 'Delete a tenant and all it has; its slug is never used again',
    scope: 'tenants:write',
    answer: {
      status: 200,
      schema: z.object({ id: v.id, status: v.revoked, ...v.inFeed }),
    },
    isDefaultTenantOnly: true,
  }),
}
