/**
 * Peers are installed in this folder alone and are not there when the repository is checked: they are imported by name and
 * each file describes the few functions that it calls.
 */
export async function importPeer<Exports>(name: string): Promise<Exports> {
  return (await import(name)) as Exports
}
