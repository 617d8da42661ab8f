/** A measured system in a process of its own: what starts it, asks it and ends it. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Question, Reply, Turn, TurnLimits } from './answering.ts'

export interface SystemProcess<Told> {
  readonly told: Told
  /** Microseconds of CPU time since it began, user and system, all threads. */
  cpuMicros(): Promise<number>
  turn(limits: TurnLimits): Promise<Turn>
  stop(): Promise<void>
}

/** `script` is relative to this folder, without `.ts`. Rejects with what the system said when it does not start. */
export async function startSystem<Told>(script: string, parameter: unknown): Promise<SystemProcess<Told>> {
  const child = fork(fileURLToPath(new URL(`./${script}.ts`, import.meta.url)), {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production' },
  })
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4_000)
  })
  const ended = new Promise<never>((_, reject) =>
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code}: ${said}`))),
  )
  ended.catch(() => undefined)

  async function ask<Value>(question: Question): Promise<Value> {
    const replied = new Promise<Reply>((resolve) => child.once('message', (reply) => resolve(reply as Reply)))
    child.send(question)
    const reply = await Promise.race([replied, ended])
    if ('problem' in reply) throw new Error(`${script}: ${reply.problem}`)
    return reply.value as Value
  }

  async function stop(): Promise<void> {
    await ask({ ask: 'stop' }).finally(() => child.kill())
    await ended.catch(() => undefined)
  }

  try {
    return {
      told: await ask<Told>({ ask: 'start', parameter }),
      cpuMicros: () => ask({ ask: 'cpu' }),
      turn: (limits) => ask({ ask: 'turn', ...limits }),
      stop,
    }
  } catch (error) {
    child.kill()
    throw error
  }
}
