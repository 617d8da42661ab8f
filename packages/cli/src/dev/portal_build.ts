/** In a checkout, the files of the portal are made at the start when they are missing or older than their sources. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export interface PortalBuild {
  isBuilding(): boolean
  stop(): void
}

/** Published packages carry the files, and no script that makes them. */
const script = fileURLToPath(new URL('../../../../scripts/build_portal.ts', import.meta.url))

/** In a process of its own, so that requests are answered meanwhile. */
export function startPortalBuild(onNotice: (line: string) => void): PortalBuild {
  if (!existsSync(script)) return { isBuilding: () => false, stop() {} }
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  let isBuilding = true
  let isStopped = false
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2_000)
  })
  const end = (fault: string | undefined): void => {
    isBuilding = false
    if (fault !== undefined && !isStopped) onNotice(`the portal could not be built: ${fault}`)
  }
  child.once('error', (error) => end(error.message))
  child.once('exit', (code) => end(code === 0 ? undefined : said.trim()))
  return {
    isBuilding: () => isBuilding,
    stop() {
      isStopped = true
      child.kill()
    },
  }
}
