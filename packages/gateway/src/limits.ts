/** Every limit of the gateway in one place, with its unit. */
export const gatewayLimits = {
  /** The header section of a request, its request line included. Node counts and refuses with 431. */
  headerBytesMax: 16_384,
  /** The header section of an upstream's answer. */
  upstreamHeaderBytesMax: 65_536,
  /** From the first byte of a connection or request to the end of its header section. */
  headersTimeoutMs: 10_000,
  /** How often the one above is looked at. */
  headersTimeoutEveryMs: 1_000,
  /** Longer than the idle time of common load balancers (60 s), so that they and not we close first. */
  keepAliveTimeoutMs: 65_000,
  /** Callers' connections at once, and never more than three eighths of the file limit: each may need one upstream. */
  connectionsMax: 32_768,
  /** Metrics are collected at most this often, whoever asks. */
  metricsSharedMs: 1_000,
  /** At the health listener. */
  healthConnectionsMax: 256,
  /** A caller that takes nothing of what it is sent for this long loses its connection. */
  writeTimeoutMs: 30_000,
  /** A connection to the upstream is not reused after this long: Node's own servers close theirs after 5 s. */
  upstreamIdleMs: 4_000,
  upstreamIdleSocketsMax: 256,
  /** From the last byte that went to the upstream until its answer begins. */
  upstreamTimeoutMs: 30_000,
  /** For whoever signs assertions. */
  assertionTimeoutMs: 5_000,
  assertionsKept: 50_000,
  /** One identity header. What is longer is left out, and a header says so. */
  identityHeaderBytesMax: 4_096,
  /** A refused request's body up to this is read and dropped, so that the connection can go on. */
  droppedBodyBytesMax: 65_536,
  /** Long-lived exchanges are judged again at least this often. */
  rejudgeEveryMs: 1_000,
  /** And at most this often, however fast the book changes. */
  rejudgeGapMs: 50,
  /** One whose judgement needs a look-up that has no answer after this is cut. */
  rejudgeTimeoutMs: 1_000,
  /** A body that has not ended this long after its request was let in is watched, and so is an answer that goes on. */
  watchAfterMs: 100,
  /** Requests at the upstream at once (`--upstream-connections`). */
  upstreamConnections: 4_096,
  /** Upgraded connections and event streams at once (`--long-connections`). */
  longConnections: 10_000,
  /** A request beyond waits this long for one of them to end. */
  roomWaitMs: 1_000,
  /** What runs when the gateway closes may run this long. */
  drainMs: 10_000,
  /** Kept connections are answered for this long after it closes, so that a request on its way is not lost. */
  drainIdleMs: 2_000,
  /** A path in a request event. */
  eventPathCharactersMax: 2_048,
} as const
