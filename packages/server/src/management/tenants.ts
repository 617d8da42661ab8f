import { type AuditAction, routes } from '@countersign/contract'
import { formatTime, randomBase62 } from '@countersign/core'
import type { Tenant } from '@countersign/store'
import { tenantObject } from '../feed/objects.ts'
import { ProblemError } from '../http/problem.ts'
import { setUpTenant } from '../tenants/tenant_setup.ts'
import type { ReadContext, WriteContext } from './context.ts'
import { notFound } from './find.ts'
import { pageAnswer, pageOf } from './lists/cursor.ts'
import { type AnswerOf, type Operation, readOperation, writeOperation } from './operation.ts'

function tenantView(context: ReadContext | WriteContext, tenant: Tenant): AnswerOf<typeof routes.getTenant> {
  return {
    id: tenant.id,
    slug: tenant.slug,
    name: tenant.name,
    issuer: issuerOf(context.services.baseUrl, tenant.slug),
    status: tenant.status,
    createdAt: formatTime(tenant.createdAt),
    updatedAt: formatTime(tenant.updatedAt),
  }
}

export function issuerOf(baseUrl: string, slug: string): string {
  return slug === '' ? baseUrl : `${baseUrl}/t/${slug}`
}

const createTenant = writeOperation(routes.createTenant, async (context) => {
  const { body, now, services, transaction, actor, requestId, tenant: own } = context
  const id = `tenant_${randomBase62(16, services.randomBytes)}`
  const { tenant, adminKey } = await setUpTenant({
    transaction,
    tenant: { id, slug: body.slug, name: body.name },
    issuer: issuerOf(services.baseUrl, body.slug),
    master: services.master,
    now,
    randomBytes: services.randomBytes,
    keyPrefix: services.keyPrefix,
    actor,
    requestId,
  })
  const view = tenantView(context, tenant)
  transaction.append({
    tenant: own.id,
    audit: { actor, action: 'tenant.create', objectType: 'tenant', objectId: id, after: view, requestId },
  })
  return { status: 201, body: { ...view, adminKey: adminKey.reveal() } }
})

const listTenants = readOperation(routes.listTenants, async (context) => {
  const tenants = await context.services.store.read.tenants.list(pageOf(context, 'tenants'))
  return pageAnswer(
    context,
    'tenants',
    tenants,
    (tenant) => tenant.id,
    (tenant) => tenantView(context, tenant),
  )
})

const getTenant = readOperation(routes.getTenant, async (context) => tenantView(context, await findTenant(context)))

const updateTenant = writeOperation(routes.updateTenant, async (context) => {
  const { body, now, transaction } = context
  const tenant = await findOtherTenant(context)
  const changed: Tenant = {
    ...tenant,
    name: body.name ?? tenant.name,
    status: body.status ?? tenant.status,
    version: tenant.version + 1,
    updatedAt: Math.floor(now),
  }
  await transaction.tenants.update(changed)
  append(context, 'tenant.update', tenant, changed)
  return { status: 200, body: tenantView(context, changed) }
})

const deleteTenant = writeOperation(routes.deleteTenant, async (context) => {
  const tenant = await findOtherTenant(context)
  await context.transaction.tenants.delete(tenant.id)
  append(context, 'tenant.delete', tenant, { ...tenant, status: 'revoked', version: tenant.version + 1 })
  return { status: 200, bodyOf: (feedSequence) => ({ id: tenant.id, status: 'revoked' as const, feedSequence }) }
})

async function findTenant(context: ReadContext | WriteContext): Promise<Tenant> {
  const reads = 'transaction' in context ? context.transaction : context.services.store.read
  const tenant = await reads.tenants.find(context.params.id as string)
  if (tenant === undefined || tenant.status === 'revoked') throw notFound('tenant')
  return tenant
}

/** The default tenant holds the installation: it can be neither disabled nor deleted. */
async function findOtherTenant(context: WriteContext): Promise<Tenant> {
  const tenant = await findTenant(context)
  if (tenant.slug === '') throw new ProblemError(409, 'default_tenant', 'The default tenant cannot be changed.')
  return tenant
}

/** The entry stands in the tenant's own feed; both tenants' audit logs tell of it. */
function append(context: WriteContext, action: AuditAction, before: Tenant, after: Tenant): void {
  const { actor, requestId, tenant: own, transaction } = context
  const audit = {
    actor,
    action,
    objectType: 'tenant',
    objectId: after.id,
    before: { name: before.name, status: before.status },
    after: { name: after.name, status: after.status },
    requestId,
  }
  transaction.append({ tenant: after.id, audit, objects: () => [tenantObject(after)] })
  transaction.append({ tenant: own.id, audit })
}

export const tenantOperations: readonly Operation[] = [createTenant, listTenants, getTenant, updateTenant, deleteTenant]
