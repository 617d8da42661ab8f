import type { ApiState, ObjectType, StateByType, TrustedIssuerState } from '@countersign/core'

/** Objects that requests refer to by a text of their state: an API by its audience, a trusted issuer by its `iss`. */
export type NamedType = 'api' | 'trusted_issuer'

export function isNamed(type: ObjectType): type is NamedType {
  return type === 'api' || type === 'trusted_issuer'
}

/** The ids of named objects by their present names. Types never share a map. */
export class Names {
  readonly #ids: Readonly<Record<NamedType, Map<string, string>>> = { api: new Map(), trusted_issuer: new Map() }

  find(type: NamedType, name: string): string | undefined {
    return this.#ids[type].get(name)
  }

  set(type: NamedType, id: string, state: StateByType[ObjectType]): void {
    this.#ids[type].set(nameOf(type, state), id)
  }

  /** Forgets the name that the object had, unless another object has it by now. */
  forget(type: NamedType, id: string, state: StateByType[ObjectType]): void {
    const name = nameOf(type, state)
    if (this.#ids[type].get(name) === id) this.#ids[type].delete(name)
  }
}

function nameOf(type: NamedType, state: StateByType[ObjectType]): string {
  return type === 'api' ? (state as ApiState).audience : (state as TrustedIssuerState).issuer
}
