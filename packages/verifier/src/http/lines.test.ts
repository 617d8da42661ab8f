import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createLineReader, type LineReader } from './lines.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A body that a test writes piece by piece. */
function open(silenceMs?: number) {
  const canceled = vi.fn()
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const body = new ReadableStream<Uint8Array>({
    start(its) {
      controller = its
    },
    cancel: canceled,
  })
  const reader = createLineReader(new Response(body), silenceMs)
  const write = (text: string): void => controller?.enqueue(new TextEncoder().encode(text))
  return {
    reader,
    write,
    end: () => controller?.close(),
    bytes: (each: Uint8Array) => controller?.enqueue(each),
    canceled,
  }
}

const outcomeOf = (reader: LineReader): Promise<unknown> => reader.next().catch((error: Error) => error.message)

it('lines come as many at once as came at once, however they were cut', async () => {
  const { reader, write, end, bytes } = open()
  write('one\ntwo\nthr')
  expect(await reader.next()).toEqual(['one', 'two'])
  write('ee')
  write('\n\n')
  expect(await reader.next()).toEqual(['three', ''])
  const letter = new TextEncoder().encode('ü\n')
  bytes(letter.subarray(0, 1))
  bytes(letter.subarray(1))
  expect(await reader.next()).toEqual(['ü'])
  write('no end')
  end()
  expect(await reader.next()).toBeUndefined()
})

it('a body that is silent for the time, and a quarter at most, is given up and its connection ended', async () => {
  const { reader, write, canceled } = open(4_000)
  write('one\n')
  expect(await reader.next()).toEqual(['one'])
  const next = outcomeOf(reader)
  await vi.advanceTimersByTimeAsync(3_999)
  expect(canceled).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(1_001)
  expect(await next).toBe('the server fell silent')
  expect(canceled).toHaveBeenCalled()
  expect(vi.getTimerCount()).toBe(0)
})

it('a body that says something now and then goes on', async () => {
  const { reader, write, canceled } = open(4_000)
  for (let round = 0; round < 10; round++) {
    const next = reader.next()
    await vi.advanceTimersByTimeAsync(3_900)
    write(': still here\n')
    expect(await next).toEqual([': still here'])
  }
  expect(canceled).not.toHaveBeenCalled()
})

it('a line of more than a million characters is refused', async () => {
  const { reader, write } = open()
  write('a'.repeat(1_048_577))
  expect(await outcomeOf(reader)).toBe('a line of the answer is too long')
})

it('closing ends the connection and leaves no timer', async () => {
  const { reader, canceled } = open()
  await reader.close()
  expect(canceled).toHaveBeenCalledOnce()
  expect(vi.getTimerCount()).toBe(0)
  const empty = createLineReader(new Response(null))
  expect(await empty.next()).toBeUndefined()
  await empty.close()
})
