import cluster from 'node:cluster'

/**
 * One Ctrl-C can arrive three times: from the terminal, from npm and from the launcher, which each send it on. A signal
 * that comes later than this is another one.
 */
const sameSignalMs = 500

/**
 * Listens for SIGINT and SIGTERM from the call on, and then stops in order; a second signal ends at once. A worker is told
 * by the process that started it: the terminal's SIGINT, which comes to both, is not for it.
 */
export async function untilStopped(stop: () => Promise<void>, nowMs = () => performance.now()): Promise<void> {
  if (cluster.isWorker) process.on('SIGINT', () => {})
  const signals = cluster.isWorker ? (['SIGTERM'] as const) : (['SIGINT', 'SIGTERM'] as const)
  await new Promise<void>((resolve) => {
    for (const signal of signals) process.once(signal, () => resolve())
  })
  const heardAt = nowMs()
  for (const signal of signals) {
    process.on(signal, () => {
      if (nowMs() - heardAt > sameSignalMs) process.exit(signal === 'SIGINT' ? 130 : 143)
    })
  }
  await stop()
}
