/** The side of a measured system: it starts when told, then answers questions about itself, one at a time, over IPC. */

/** The questions of the measuring process. */
export type Question =
  | { readonly ask: 'start'; readonly parameter: unknown }
  | { readonly ask: 'cpu' }
  | ({ readonly ask: 'turn' } & TurnLimits)
  | { readonly ask: 'stop' }

export type Reply = { readonly value: unknown } | { readonly problem: string }

export interface TurnLimits {
  readonly ms: number
  /** Ends the turn before its time. */
  readonly callsMax?: number
}

/** The work of one turn. CPU time counts every thread of the process. */
export interface Turn {
  readonly calls: number
  readonly ms: number
  readonly cpuMicros: number
}

export interface Started {
  /** For the one who asked; must survive JSON. */
  readonly told: unknown
  /** Absent where the work comes in over HTTP. */
  readonly turn?: (limits: TurnLimits) => Promise<Turn>
  readonly stop?: () => Promise<void>
}

export function answerQuestions<Parameter>(start: (parameter: Parameter) => Promise<Started>): void {
  let started: Started | undefined
  const answer = async (question: Question): Promise<unknown> => {
    switch (question.ask) {
      case 'start':
        started = await start(question.parameter as Parameter)
        return started.told
      case 'cpu':
        return cpuMicros()
      case 'turn':
        return started?.turn?.(question)
      case 'stop':
        return started?.stop?.()
    }
  }
  process.on('message', async (question: Question) => {
    const reply = await answer(question).then(
      (value): Reply => ({ value }),
      (error: unknown): Reply => ({ problem: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    )
    process.send?.(reply)
  })
  // The measuring process is gone: nothing may stay behind.
  process.on('disconnect', () => {
    Promise.resolve(started?.stop?.()).finally(() => process.exit())
  })
}

export function cpuMicros(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}
