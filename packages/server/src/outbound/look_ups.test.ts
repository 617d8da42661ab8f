import { expect, it, vi } from 'vitest'
import { serverLimits } from '../limits.ts'
import { createLookUps } from './look_ups.ts'

const found = [{ address: '203.0.113.1', family: 4 }]
const waiting = new AbortController().signal

/** Look-ups that end when they are told to. */
function heldLookUps() {
  const ends = new Map<string, (addresses: typeof found) => void>()
  const lookUps = createLookUps((hostname) => new Promise((resolve) => ends.set(hostname, resolve)))
  return { ...lookUps, ends, names: () => [...ends.keys()], end: (name: string) => ends.get(name)?.(found) }
}

const url = (name: string) => new URL(`https://${name}.test`)
const holder = (name: string) => ({ tenant: name, credential: name })

it('calls of any number of callers leave fetches a look-up, and a caller has one place where others wait', async () => {
  const { ofCall, ofFetch, names, end } = heldLookUps()
  const calls = ['a1', 'a2', 'b1', 'c1'].map((name) => ofCall(url(name), holder(name[0] as string), waiting))
  await vi.waitFor(() => expect(names()).toEqual(['a1.test', 'b1.test']))
  expect(serverLimits.lookUpsMax).toBe(3)
  const fetching = ofFetch(url('keys'), {}, waiting)
  await vi.waitFor(() => expect(names()).toContain('keys.test'))
  end('keys.test')
  expect(await fetching).toEqual(found)
  end('b1.test')
  await vi.waitFor(() => expect(names()).toContain('c1.test'))
  end('c1.test')
  end('a1.test')
  await vi.waitFor(() => expect(names()).toContain('a2.test'))
  end('a2.test')
  expect(await Promise.all(calls)).toEqual([found, found, found, found])
})

it('a look-up that nobody waits for any more takes no thread, and gives its place on', async () => {
  const { ofCall, names, end } = heldLookUps()
  const gone = new AbortController()
  const first = ofCall(url('first'), holder('a'), waiting)
  const left = ofCall(url('left'), holder('a'), gone.signal)
  const behind = ofCall(url('behind'), holder('a'), waiting)
  await vi.waitFor(() => expect(names()).toEqual(['first.test']))
  gone.abort()
  end('first.test')
  await expect(left).rejects.toMatchObject({ fault: 'timeout' })
  await vi.waitFor(() => expect(names()).toContain('behind.test'))
  end('behind.test')
  expect(await Promise.all([first, behind])).toEqual([found, found])
  expect(names()).not.toContain('left.test')
})

it('an address is itself, without a look-up', async () => {
  const { ofCall, names } = heldLookUps()
  expect(await ofCall(new URL('http://[2001:db8::1]/'), {}, waiting)).toEqual([{ address: '2001:db8::1', family: 6 }])
  expect(names()).toEqual([])
})
