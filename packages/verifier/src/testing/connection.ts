import type { Directory } from '../directory.ts'
import type { FeedSource } from '../feed/feed_source.ts'
import type { Authority } from './authority.ts'

/** The way from a verifier to an authority, which a test can cut. */
export interface Connection {
  isOpen: boolean
  readonly source: FeedSource
  readonly directory: Directory
}

/** While the connection is not open, every call rejects, as when nobody answers. */
export function createConnection({ source, directory }: Authority): Connection {
  const connection: Connection = {
    isOpen: true,
    source: {
      snapshot: through((...words) => source.snapshot(...words)),
      position: through((...words) => source.position(...words)),
      entries: through((...words) => source.entries(...words)),
      stream: through((...words) => source.stream(...words)),
      handBack: through((...words) => source.handBack(...words)),
    },
    directory: {
      credential: through((...words) => directory.credential(...words)),
      publicKey: through((...words) => directory.publicKey(...words)),
      client: through((...words) => directory.client(...words)),
    },
  }
  return connection

  function through<W extends readonly unknown[], R>(
    call: (...words: W) => R | Promise<R>,
  ): (...words: W) => Promise<R> {
    return async (...words) => {
      if (!connection.isOpen) throw new Error('the test issuer is disconnected')
      return call(...words)
    }
  }
}
