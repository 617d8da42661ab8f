/** The call that the explorer sends: an operation with the values that somebody filled in. */
import type { Named } from '../reference/operation_names.ts'
import type { Parameter, Written } from '../reference/written.ts'

/** Values by place and name, as `fieldOf` joins them. */
export type Values = ReadonlyMap<string, string>

export interface Outgoing {
  readonly method: string
  readonly path: string
  readonly query?: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export function fieldOf({ in: place, name }: Pick<Parameter, 'in' | 'name'>): string {
  return `${place} ${name}`
}

/** Cookies are never sent. Parameters of the path that the document forgot are named by the path itself. */
export function parametersOf({ route }: Pick<Named, 'route'>, written: Written | undefined): readonly Parameter[] {
  const known = (written?.parameters ?? []).filter(({ in: place }) => place !== 'cookie')
  const named = new Set(known.filter(({ in: place }) => place === 'path').map(({ name }) => name))
  const forgotten = [...route.matchAll(/\{([^{}]+)\}/g)].map(([, name]) => name as string)
  const bare = { in: 'path', isRequired: true, description: undefined, schema: undefined, example: undefined } as const
  return [...forgotten.filter((name) => !named.has(name)).map((name) => ({ ...bare, name })), ...known]
}

/** `token`: sent as Bearer, unless it is empty. `body`: text, with its media type; nothing is sent where it is `undefined`. */
export function outgoingOf(
  operation: Pick<Named, 'method' | 'route'>,
  parameters: readonly Parameter[],
  values: Values,
  token: string,
  body: { readonly type: string; readonly text: string } | undefined,
): Outgoing {
  const givenFor = (parameter: Pick<Parameter, 'in' | 'name'>): string => values.get(fieldOf(parameter)) ?? ''
  const given = parameters.filter((each) => givenFor(each) !== '')
  const query = given
    .filter((each) => each.in === 'query')
    .map((each) => `${encodeURIComponent(each.name)}=${encodeURIComponent(givenFor(each))}`)
    .join('&')
  return {
    method: operation.method,
    path: operation.route.replace(/\{([^{}]+)\}/g, (_, name: string) =>
      encodeURIComponent(givenFor({ in: 'path', name })),
    ),
    ...(query === '' ? {} : { query }),
    headers: {
      ...Object.fromEntries(given.filter((each) => each.in === 'header').map((each) => [each.name, givenFor(each)])),
      ...(body === undefined ? {} : { 'Content-Type': body.type }),
      ...(token === '' ? {} : { Authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: body.text }),
  }
}
