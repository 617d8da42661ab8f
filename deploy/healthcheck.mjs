// Whether the process answers, for HEALTHCHECK: the image has no curl. With a URL, that one; else /healthz where the server listens.
const port = /:(\d+)$/.exec(process.env.COUNTERSIGN_LISTEN ?? '')?.[1] ?? '4800'
const url = process.argv[2] ?? `http://127.0.0.1:${port}/healthz`
try {
  const { ok } = await fetch(url, { signal: AbortSignal.timeout(2_000) })
  process.exitCode = ok ? 0 : 1
} catch {
  process.exitCode = 1
}
