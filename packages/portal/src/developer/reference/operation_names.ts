/** A name for each operation, for the address: its `operationId` where it is the only one of that name, else method and path. */
import type { Answer } from '@countersign/client'

export type Operation = Answer<'listOperations'>['data'][number]
export interface Named extends Operation {
  readonly name: string
  /** The path at which it lives: `/v1/orders/{id}`. */
  readonly route: string
}

export function nameOperations(operations: readonly Operation[]): readonly Named[] {
  const ids = Map.groupBy(operations, ({ operationId }) => operationId)
  const taken = new Map<string, number>()
  return operations.map((operation) => {
    const { method, basePath, path, operationId } = operation
    const isAlone = operationId !== undefined && ids.get(operationId)?.length === 1
    const plain = isAlone ? operationId : `${method} ${path}`
    const before = taken.get(plain) ?? 0
    taken.set(plain, before + 1)
    return { ...operation, route: `${basePath}${path}`, name: before === 0 ? plain : `${plain} (${before + 1})` }
  })
}
