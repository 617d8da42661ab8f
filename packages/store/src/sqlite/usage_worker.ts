/** The thread that writes counts of usage: see `usage_thread.ts`. */
import { parentPort, workerData } from 'node:worker_threads'
import { countUsage } from '../count_usage.ts'
import { SqliteDatabase } from './database.ts'
import { sendError } from './sent_error.ts'
import { receiveCounts, type SentBatch, type UsageAnswer, type UsageOrder } from './usage_thread.ts'

const database = await SqliteDatabase.open(workerData as string)

parentPort?.on('message', async (order: UsageOrder) => {
  if (order !== 'end') return parentPort?.postMessage(await answer(order))
  await database.close()
  parentPort?.close()
})

async function answer({ id, now, counts }: SentBatch): Promise<UsageAnswer> {
  try {
    return { isNew: await countUsage(database, { id, now, counts: receiveCounts(counts) }) }
  } catch (error) {
    return { error: sendError(error) }
  }
}
