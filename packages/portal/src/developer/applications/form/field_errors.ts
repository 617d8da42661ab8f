/** The server's words about a list, and about an item of it, found by what was sent: the list may have changed since. */
import { ApiProblem, errorAt } from '../../../shared/api/problem.ts'

export function errorOfList(error: unknown, member: string): string | undefined {
  return error instanceof ApiProblem ? error.errors.find(({ pointer }) => pointer === `/${member}`)?.detail : undefined
}

/** `sent`: the items of `member` in the body that was refused. */
export function errorOfItem(
  error: unknown,
  member: 'redirectUris' | 'postLogoutRedirectUris' | 'access',
  sent: readonly string[] | undefined,
  item: string,
): string | undefined {
  return sent
    ?.flatMap((each, index) => (each === item ? [errorAt(error, `/${member}/${index}`)] : []))
    .find((each) => each !== undefined)
}
