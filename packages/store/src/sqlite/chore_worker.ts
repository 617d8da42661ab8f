/** The thread for the chores of a store: see `chore_thread.ts`. */
import { setImmediate } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { choresOf } from '../chores.ts'
import type { FromThread, ToThread } from './chore_thread.ts'
import { SqliteDatabase } from './database.ts'
import { sendError } from './sent_error.ts'

const post = (message: FromThread): void => parentPort?.postMessage(message)
const asked = new Map<number, () => void>()
let nextTurn = 0

/** Waits for a turn among the transactions of the thread that started this one. */
async function inTurn(work: () => Promise<void>): Promise<void> {
  const turn = nextTurn++
  await new Promise<void>((resolve) => {
    asked.set(turn, resolve)
    post({ asks: turn })
  })
  asked.delete(turn)
  await work().finally(() => post({ isOver: turn }))
}

const database = await SqliteDatabase.open(workerData as string, inTurn)
const chores = choresOf(database)

parentPort?.on('message', (message: ToThread) => {
  if (message === 'end') void end()
  else if ('turn' in message) asked.get(message.turn)?.()
  else void run(message)
})

async function run({ chore, number, given }: Extract<ToThread, { readonly chore: unknown }>): Promise<void> {
  try {
    const work = chores[chore] as (...parameters: readonly unknown[]) => Promise<unknown>
    post({ number, value: await work(...(JSON.parse(given) as readonly unknown[])) })
  } catch (error) {
    post({ number, error: sendError(error) })
  }
}

async function end(): Promise<void> {
  await database.close()
  // By then, unfinished chores have been refused.
  await setImmediate()
  parentPort?.close()
}
