/** Waits for all, also when one fails: what is undone then must not be followed by a statement that was still to come. */
export async function allDone(...statements: readonly (Promise<unknown> | undefined)[]): Promise<void> {
  const failed = (await Promise.allSettled(statements)).find((each) => each.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}
