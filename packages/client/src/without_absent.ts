type Present<T> = { readonly [Name in keyof T]?: Exclude<T[Name], undefined> }

/** Gives the members that are not `undefined`. */
export function withoutAbsent<T extends object>(members: T): Present<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Present<T>
}
