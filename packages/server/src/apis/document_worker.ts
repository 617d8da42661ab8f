/** One document, read in a thread of its own: see `document.ts`. */
import { parentPort, workerData } from 'node:worker_threads'
import { answerDocument } from './document.ts'

parentPort?.postMessage(answerDocument(workerData as string))
