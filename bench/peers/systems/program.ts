/** A proxy of the machine's, in the foreground and as one process, so that its CPU time can be read. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { listenServer } from '../../bare_answers.ts'

export interface Program {
  /** Microseconds, to a hundredth of a second; undefined where there is no /proc. */
  cpuMicros(): number | undefined
  stop(): Promise<void>
}

/** Resolves when something listens at `url`; rejects with what the program said when it ends before. */
export async function startProgram(command: string, parameters: readonly string[], url: string): Promise<Program> {
  const child = spawn(command, parameters, { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4_000)
  })
  const kill = (): void => void child.kill()
  process.once('exit', kill)
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()))
  while (!(await answers(url))) {
    if (child.exitCode !== null || child.pid === undefined) throw new Error(`${command} did not start: ${said}`)
  }
  return {
    cpuMicros: () => readCpuMicros(child),
    async stop() {
      child.kill()
      await ended
      process.off('exit', kill)
    },
  }
}

/** Free a moment ago: programs that cannot take port 0. */
export async function findPort(): Promise<number> {
  const server = createServer()
  const url = await listenServer(server)
  await new Promise((resolve) => server.close(resolve))
  return Number(new URL(url).port)
}

async function answers(url: string): Promise<boolean> {
  await new Promise((resolve) => setTimeout(resolve, 20))
  return fetch(url).then(
    (response) => response.text().then(() => true),
    () => false,
  )
}

/** proc(5): fields 14 and 15 are user and system time in clock ticks; the name before them may hold spaces. */
function readCpuMicros({ pid }: ChildProcess): number | undefined {
  const path = `/proc/${pid}/stat`
  if (!existsSync(path)) return undefined
  const fields = readFileSync(path, 'utf8').split(') ')[1]?.split(' ') ?? []
  return ((Number(fields[11]) + Number(fields[12])) * 1_000_000) / ticksPerSecond()
}

function ticksPerSecond(): number {
  return Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
}
