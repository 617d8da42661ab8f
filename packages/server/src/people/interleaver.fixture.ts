/** Requests at one server in an order that a seed chooses: one of them goes on at a time, from one step to its next. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate } from 'node:timers/promises'
import type { ReadRepositories, Store } from '@countersign/store'
import type { CountersignServer } from '../server.ts'
import type { Random } from '../simulation/timeline.ts'

/** A call of the store takes fewer turns of the event loop; whoever takes more waits for something that others do. */
const turnsMax = 30

interface Waiting {
  readonly task: number
  readonly step: string
  readonly goOn: () => void
}

type AnyCall = (...given: readonly unknown[]) => unknown

export class Interleaver {
  readonly #task = new AsyncLocalStorage<number>()
  #waiting: Waiting[] = []
  #moved: () => void = () => {}

  /**
   * The store with a step before each read, and before and after each write. Transactions follow each other on SQLite, so what
   * happens inside one is one step.
   */
  over(store: Store): Store {
    // How far verifiers have come is read as often as the machine's own clock says.
    const { verifierPositions, ...reads } = store.read
    const stepped = Object.entries(reads).map(([name, each]) => [name, this.#readsOf(name, each)])
    return {
      ...store,
      read: { ...Object.fromEntries(stepped), verifierPositions } as ReadRepositories,
      write: async (work, options) => {
        await this.#step('write')
        const written = await store.write(work, options)
        await this.#step('written')
        return written
      },
      insertToken: async (...given) => {
        await this.#step('insertToken')
        return store.insertToken(...given)
      },
    }
  }

  /** A step before each signature of this server and after it. */
  alsoAtSignatures({ services: { signing } }: CountersignServer): void {
    const { sign } = signing
    const stepped: typeof sign = async (key, input) => {
      await this.#step('sign')
      const signature = await sign(key, input)
      await this.#step('signed')
      return signature
    }
    Object.assign(signing, { sign: stepped })
  }

  /** All at once. Gives their values, and the steps in the order in which they were taken. */
  async run<T>(
    works: readonly (() => Promise<T>)[],
    random: Random,
  ): Promise<{ readonly values: readonly T[]; readonly steps: readonly string[] }> {
    let going = works.length
    const values = works.map((work, task) =>
      this.#task.run(task, async () => {
        await this.#step('begin')
        try {
          return await work()
        } finally {
          going--
          this.#moved()
        }
      }),
    )
    const steps: string[] = []
    // In small windows one goes on while another stands still for all of its steps: a fair choice would rarely do so.
    const stays = random.pick([0.5, 0.8, 0.95])
    let last = -1
    while (going > 0) {
      const own = this.#waiting.filter(({ task }) => task === last)
      const next = own.length > 0 && random.chance(stays) ? own[0] : random.pick(this.#waiting)
      let hasMoved = false
      this.#moved = () => {
        hasMoved = true
      }
      if (next !== undefined) {
        this.#waiting = this.#waiting.filter((each) => each !== next)
        steps.push(`${next.task} ${next.step}`)
        last = next.task
        next.goOn()
      }
      for (let turn = 0; turn < turnsMax && !hasMoved; turn++) await setImmediate()
    }
    return { values: await Promise.all(values), steps }
  }

  /** Nobody waits outside of `run`. */
  async #step(step: string): Promise<void> {
    const task = this.#task.getStore()
    if (task === undefined) return
    await new Promise<void>((goOn) => {
      this.#waiting.push({ task, step, goOn })
      this.#moved()
    })
  }

  #readsOf(name: string, reads: object): object {
    const stepped = Object.entries(reads as Readonly<Record<string, AnyCall>>).map(([method, read]) => [
      method,
      async (...given: readonly unknown[]) => {
        await this.#step(`${name}.${method}`)
        return Reflect.apply(read, reads, given)
      },
    ])
    return Object.fromEntries(stepped)
  }
}
