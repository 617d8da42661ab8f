import { z } from 'zod'

/** The names that schemas have in the OpenAPI document, and so the types in generated clients. */
export const schemaNames: z.core.$ZodRegistry<{ readonly id: string }> = z.registry<{ readonly id: string }>()

/** Where an OpenAPI document has its schemas. */
export const schemaPlace = '#/components/schemas/'

/** Names schemas, each by a noun. What has no name stands where it is used. */
export function nameSchemas(schemas: Readonly<Record<string, z.ZodType>>): void {
  for (const [id, schema] of Object.entries(schemas)) schemaNames.add(schema, { id })
}
