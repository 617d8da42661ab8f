import { EventEmitter } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, expect, it } from 'vitest'
import { createHashThreads, type HashOrder, type HashThreads, type HashWorker } from './hash_thread.ts'

const opened: HashThreads[] = []
afterEach(() => {
  for (const threads of opened.splice(0)) threads.close()
})

function open(start?: () => HashWorker): HashThreads {
  const threads = createHashThreads(start)
  opened.push(threads)
  return threads
}

const order = (message: string): HashOrder => ({
  message,
  nonce: new Uint8Array(16),
  parallelism: 1,
  tagLength: 32,
  memory: 64,
  passes: 1,
})

const hex = async (hash: Promise<Uint8Array>): Promise<string> => Buffer.from(await hash).toString('hex')

/** The nice values of the threads of this process, proc_pid_stat(5) field 19. */
const niceValues = (): readonly number[] =>
  readdirSync('/proc/self/task').map((id) => {
    const stat = readFileSync(`/proc/self/task/${id}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])
  })

it.skipIf(process.platform !== 'linux')(
  'a password is hashed in a thread of the lowest priority, and no other thread has less of it',
  async () => {
    const before = niceValues().filter((nice) => nice === 19).length
    await open().derive(order('x'))
    expect(niceValues().filter((nice) => nice === 19).length).toBe(before + 1)
  },
)

/** A thread that ends instead of answering. */
const dying = (): HashWorker => {
  const worker = new EventEmitter()
  return Object.assign(worker, {
    postMessage: () => void setImmediate(() => worker.emit('exit', 1)),
    ref() {},
    unref() {},
    terminate() {},
  }) as unknown as HashWorker
}

it.each<[string, () => HashWorker]>([
  ['ends', dying],
  [
    'cannot be started',
    () => {
      throw new Error('no room')
    },
  ],
])('without a thread that %s, the hash is the same', async (_, start) => {
  expect(await hex(open(start).derive(order('x')))).toBe(await hex(open().derive(order('x'))))
})

it('at once each has a thread of its own, and the next takes one that is there', async () => {
  const known = await Promise.all(['a', 'b'].map((text) => hex(open().derive(order(text)))))
  const threads = open()
  for (let round = 0; round < 3; round++)
    expect(await Promise.all(['a', 'b'].map((text) => hex(threads.derive(order(text)))))).toEqual(known)
})

it('parameters that cannot be are told, and the thread goes on', async () => {
  const threads = open()
  await expect(threads.derive({ ...order('x'), memory: 1 })).rejects.toThrow(/memory/)
  expect(await hex(threads.derive(order('x')))).toBe(await hex(open().derive(order('x'))))
})
