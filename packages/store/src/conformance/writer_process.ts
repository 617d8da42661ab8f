/**
 * Another process on the same database, for tests of several and of killed ones. `open` migrates several databases,
 * `append` writes a number of changes and ends, `write` goes on until it is killed. It prints a line for each
 * acknowledged commit.
 */
import { writeSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { openStore } from '../open_store.ts'
import { exampleKey, keyChange } from './examples.ts'
import { storeOptions } from './test_database.ts'

const [command, ...parameters] = process.argv.slice(2)
if (command === 'open') await openAll(parameters)
else await append(parameters[0]!, parameters[1]!, command === 'append' ? Number(parameters[2]) : Infinity)

/** Opens each database at the next full twentieth of a second, at the same pace as the other process. */
async function openAll(databases: readonly string[]): Promise<void> {
  for (const database of databases) {
    await setTimeout(50 - (Date.now() % 50))
    const store = await openStore({ database, ...storeOptions })
    await store.close()
  }
}

async function append(database: string, name: string, count: number): Promise<void> {
  const store = await openStore({ database, ...storeOptions })
  for (let round = 1; round <= count; round++) {
    const id = `${name}_${round}`
    const { entries } = await store.write(async (transaction) => {
      await transaction.keys.insert(exampleKey('acme', id))
      transaction.append(keyChange('acme', id))
    })
    writeSync(1, `${id} ${entries[0]!.sequence}\n`)
  }
  await store.close()
}
