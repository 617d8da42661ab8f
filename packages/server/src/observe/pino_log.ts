import { pino } from 'pino'
import type { Log } from './log.ts'

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
  const { name, message, stack, cause } = error
  return {
    name,
    message,
    stack,
    ...(cause instanceof Error ? { cause: { name: cause.name, message: cause.message } } : {}),
  }
}
