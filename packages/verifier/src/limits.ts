/** Limits of what a `node:http` server takes for the verifier's adapters, the server and the gateway, with their units. */
export const connectionLimits = {
  /** Chunks of a chunked body beyond those that its bytes and its time pay for. Each costs a turn of our code. */
  bodyPiecesBurst: 500,
  /** So many bytes pay for one chunk more, */
  bytesPerBodyPiece: 64,
  /** and so does so much time, up to the burst. */
  msPerBodyPiece: 0.5,
  /** A body that is answered before it was read is read to its end if it has at most this; else its connection ends. */
  droppedBodyBytesMax: 65_536,
} as const
