/** Whether the server itself has the client: nobody's application, and the holder of no key. */
export function isBuiltInClient({ clientId }: { readonly clientId: string }): boolean {
  return /^client_(?:portal|cli|explorer_.*)$/.test(clientId)
}
