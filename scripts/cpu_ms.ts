/** CPU that this process has used, in milliseconds. Tests of how long work takes measure this: a busy machine changes it little. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
