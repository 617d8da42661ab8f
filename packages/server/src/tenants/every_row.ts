const pageSize = 100

/** Every row of a list, page by page. */
export async function* everyRow<T extends { readonly id: string } | { readonly jti: string }>(
  read: (page: { readonly limit: number; readonly after?: string }) => Promise<readonly T[]>,
): AsyncGenerator<T> {
  let after: string | undefined
  for (;;) {
    const rows = await read({ limit: pageSize, ...(after === undefined ? {} : { after }) })
    yield* rows
    const last = rows.at(-1)
    if (last === undefined || rows.length < pageSize) return
    after = 'id' in last ? last.id : last.jti
  }
}
