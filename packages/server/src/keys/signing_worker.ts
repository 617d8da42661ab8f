/** The thread that signs: see `signing_thread.ts`. */
import { parentPort } from 'node:worker_threads'
import { receiveSigningKey, type SigningKey, signInput } from '@countersign/core'
import type { SigningAnswer, SigningOrder } from './running_signer.ts'

const keys = new Map<number, SigningKey>()

parentPort?.on('message', ({ keyNumber, key, forgets, inputs }: SigningOrder) => {
  if (forgets === true) keys.clear()
  if (key !== undefined) keys.set(keyNumber, receiveSigningKey(key))
  const signer = keys.get(keyNumber)
  // The other thread signs by itself when this one ends.
  if (signer === undefined) throw new Error('this thread was not given that key')
  parentPort?.postMessage(inputs.map((input) => signInput(signer, input)) as SigningAnswer)
})
