/** Every limit of the gateway in one place, with its unit. */
export const gatewayLimits = {
  /** Bytes of the header section of a request, with its request line. Node counts and refuses with 431. */
  headerBytesMax: 16_384,
  /** Bytes of the header section of an upstream's answer. */
  upstreamHeaderBytesMax: 65_536,
  /** Milliseconds from the first byte of a connection or request to the end of its header section. */
  headersTimeoutMs: 10_000,
  /** The interval of that check. */
  headersTimeoutEveryMs: 1_000,
  /** Longer than the idle time of common load balancers (60 s), so that they close first. */
  keepAliveTimeoutMs: 65_000,
  /**
   * Callers' connections at once; never more than three eighths of the file limit, since each may need one upstream.
   */
  connectionsMax: 32_768,
  /** Metrics are collected at most once in this time, however many ask. */
  metricsSharedMs: 1_000,
  /** Connections at once at the health listener. */
  healthConnectionsMax: 256,
  /** A caller that reads nothing of its answer for this long loses its connection. */
  writeTimeoutMs: 30_000,
  /** A connection to the upstream is not reused after this long: Node's own servers close theirs after 5 s. */
  upstreamIdleMs: 4_000,
  upstreamIdleSocketsMax: 256,
  /** Milliseconds from the last byte sent to the upstream until its answer begins. */
  upstreamTimeoutMs: 30_000,
  /** Milliseconds in which an answer that has begun may send nothing (`--idle-timeout`). */
  idleTimeoutMs: 120_000,
  /** The same for event streams and upgraded connections (`--stream-idle-timeout`). */
  streamIdleTimeoutMs: 3_600_000,
  /** How often that is looked at: an end may be late by this. */
  idleEveryMs: 1_000,
  /** Answers 102 and 103 that are passed on before the answer; further ones are dropped. */
  interimAnswersMax: 16,
  /** Seconds for which a browser may keep our answer to a preflight. */
  preflightSeconds: 600,
  /** The time that the signer of assertions has. */
  assertionTimeoutMs: 5_000,
  assertionsKept: 50_000,
  /** Bytes of one identity header. A longer one is left out, and a header says so. */
  identityHeaderBytesMax: 4_096,
  /** A refused request's body up to this is read and dropped, so that the connection can go on. */
  droppedBodyBytesMax: 65_536,
  /** Long-lived exchanges are judged again at least this often. */
  rejudgeEveryMs: 1_000,
  /** Long-lived exchanges are judged again at most this often, however fast the book changes. */
  rejudgeGapMs: 50,
  /** An exchange is cut when its judgement needs a look-up that has no answer after this time. */
  rejudgeTimeoutMs: 1_000,
  /** A body that has not ended this long after its request was let in is watched, and so is an answer that goes on. */
  watchAfterMs: 100,
  /** Requests at the upstream at once (`--upstream-connections`). */
  upstreamConnections: 4_096,
  /** Upgraded connections and event streams at once (`--long-connections`). */
  longConnections: 10_000,
  /** A further request waits this long for a place. */
  roomWaitMs: 1_000,
  /** Exchanges that run when the gateway closes may run this long. */
  drainMs: 10_000,
  /** Idle connections are kept this long after the gateway closes, so that a request on its way is not lost. */
  drainIdleMs: 2_000,
  /** Characters of the path in a request event. */
  eventPathCharactersMax: 2_048,
} as const
