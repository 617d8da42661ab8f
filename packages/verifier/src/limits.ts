/** Limits of the look-ups of clients, whose metadata is told with each grant. */
export const clientLimits = {
  /** Clients whose metadata is kept in memory, at most 4 KiB of JSON each. */
  keptMax: 10_000,
  /** After a look-up that failed, the next one begins at the earliest after this many seconds. */
  retrySeconds: 5,
} as const

/** Limits of the questions about keys of trusted issuers. */
export const issuerLimits = {
  /** The server is told of a `kid` that no key of an issuer has at most this often, in seconds, for each issuer. */
  unknownKeyToldSeconds: 10,
  /** Issuers remembered for that; beyond, it begins anew. */
  unknownKeyIssuersMax: 1_000,
} as const

/** Limits of `node:http` servers, for the verifier's adapters, the server and the gateway. */
export const connectionLimits = {
  /** Chunks of a chunked body that are free: further ones are paid for by bytes and time. Each chunk runs our code. */
  bodyPiecesBurst: 500,
  /** Bytes that pay for one more chunk. */
  bytesPerBodyPiece: 64,
  /** Milliseconds that pay for one more chunk, up to the burst. */
  msPerBodyPiece: 0.5,
  /** An answered body that nobody read is read to its end up to so many bytes; beyond that, its connection ends. */
  droppedBodyBytesMax: 65_536,
} as const
