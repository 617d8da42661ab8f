import { pino } from 'pino'
import type { Log } from './log.ts'

const causesMax = 8
const codePattern = /^[A-Z0-9_]{1,40}$/

/** JSON lines on standard error. An error is logged by name, message and stack: its other members may quote anything. */
export function createPinoLog(level: string, destination = pino.destination({ dest: 2, sync: true })): Log {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { error: describeError },
    },
    destination,
  )
  return {
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
  }
}

function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { name: 'unknown' }
  const { name, message, stack } = error
  const cause = rootOf(error)
  return { name, message, stack, ...(cause === error ? {} : { cause: describeCause(cause) }) }
}

/** The innermost cause: those around it say only that the database is unreachable. */
function rootOf(error: Error): Error {
  let root = error
  for (let depth = 0; depth < causesMax && root.cause instanceof Error; depth++) root = root.cause
  return root
}

/** With the code, such as ECONNREFUSED: a connection that was tried at several addresses fails without a message. */
function describeCause(cause: Error): object {
  const { name, message } = cause
  const code =
    'code' in cause && typeof cause.code === 'string' && codePattern.test(cause.code) ? cause.code : undefined
  return { name, message, ...(code === undefined ? {} : { code }) }
}
