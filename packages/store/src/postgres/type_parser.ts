import pg from 'pg'

/** `int8`: all our integers are below 2^53. */
const int8 = 20

export function typeParser(oid: number, format: string | undefined) {
  if (oid === int8) return Number
  return format === 'binary' ? pg.types.getTypeParser(oid, 'binary') : pg.types.getTypeParser(oid, 'text')
}
