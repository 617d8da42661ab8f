/** Every limit of the server in one place, with its unit. */
export const serverLimits = {
  /** Length of metadata in a JWT, as JSON, in bytes. */
  tokenMetadataBytesMax: 1_024,
  bodyBytesMax: 1_048_576,
  /** A session ends so long after it was last seen, which is noted at most once an hour, and after 30 days at the latest. */
  sessionSeconds: 43_200,
  sessionMovedSeconds: 3_600,
  sessionSecondsMax: 2_592_000,
  /** Sessions of which a process remembers when it last moved their end. */
  sessionMovesKept: 50_000,
  /** A link that signs in once, as an operator makes it, and as `dev` prints it. */
  signInLinkSeconds: 3_600,
  devLinkSeconds: 600,
  /** A link that signs somebody in to the portal. */
  portalLinkSeconds: 900,
  /** An invitation to a team; and how long a browser is known to have opened it. */
  invitationSeconds: 604_800,
  invitationOpenSeconds: 3_600,
  /** Clients of a team: what narrows or disables the team writes each of them in one transaction. */
  teamClientsMax: 100,
  /** Requests for access that are kept of a team: decided ones make room. Those that wait or have an end are live. */
  accessRequestsMax: 100,
  accessRequestsLiveMax: 50,
  /** How often it is looked which approvals have ended, and how many a round ends. */
  accessEndsEveryMs: 5_000,
  accessEndsMax: 100,
  /** Members of a team and invitations to it, all together. */
  teamMembersMax: 200,
  /** Teams of an account: what disables the account may disable each of them in one transaction. */
  accountTeamsMax: 50,
  /** Sessions of an account at once. One more ends the oldest. */
  accountSessionsMax: 100,
  /** Passwords hashed at once are half the cores; so many more wait, and one beyond is 503. */
  passwordsWaitingMax: 100,
  passwordCharactersMin: 8,
  passwordCharactersMax: 256,
  /** The most used passwords, which are refused. */
  commonPasswords: 10_000,
  /** Tries to sign in from one address (IPv6: its /64) in a minute, before anything is hashed. */
  signInsPerMinute: 10,
  /** Failures of one (account, address) before each further one waits, twice as long every time, up to the most. */
  signInFailuresFree: 5,
  signInDelaySecondsMax: 900,
  /** After the first factor, the second is waited for so long; a passkey answers its page so long; codes can be read so long. */
  secondFactorSeconds: 600,
  passkeySeconds: 600,
  recoveryCodesShownSeconds: 600,
  /** Changes of who may come in want a sign-in or a second factor that is no older. */
  stepUpSeconds: 600,
  /** The text that a session had before it changed its secret: pages that are being loaded still have it. */
  formerSessionSeconds: 10,
  passkeysMax: 20,
  passkeyNameCharactersMax: 60,
  /** A credential id may have 1,023 bytes (WebAuthn §4). */
  passkeyIdCharactersMax: 1_364,
  /** Addresses and pairs that are remembered. */
  signInAddressesKept: 50_000,
  /** A mailed code. */
  mailCodeSeconds: 600,
  mailCodeDigits: 8,
  mailCodeTriesMax: 5,
  /** Mails to one address in any hour: codes and invitations, but not notices of a change. */
  mailsPerAddress: 5,
  mailsWindowSeconds: 3_600,
  /** Mails of a process that are sent at once, and that wait for it; beyond, people are told to try again, and notices dropped. */
  mailsAtOnce: 4,
  mailsWaitingMax: 200,
  /** A mail that was not taken is tried again after these pauses. */
  mailPausesMs: [2_000, 20_000],
  /** How long it is believed that mail can be sent, and that it cannot. */
  mailProbedSeconds: 30,
  mailFailedSeconds: 5,
  /** How long the end of a process waits for mails that are under way. */
  mailCloseMs: 5_000,
  smtpConnectMs: 5_000,
  smtpIdleMs: 10_000,
  /** A request at the authorization endpoint waits so long for the person; a code so long for its client. */
  authorizationSeconds: 600,
  codeSeconds: 60,
  /** A run of tokens for a person ends so long after it began. */
  familySecondsMax: 15_552_000,
  /** Live entries about access tokens of one family; the next ends the family. */
  familyEntriesMax: 20,
  /** A refresh token that nobody uses for so long is no longer good. */
  refreshIdleSeconds: 2_592_000,
  /** The direct predecessor gives the same successor again for so long, while nobody has used that. */
  refreshToleranceSeconds: 10,
  /** `lastUsedAt` of a consent moves at most this often. */
  consentUsedSeconds: 3_600,
  idTokenSeconds: 3_600,
  /** A token that a session or key mints and nothing lists. */
  unlistedTokenSecondsMax: 900,
  /** A browser asks again so late whether a page may call. */
  preflightMaxAgeSeconds: 600,
  /** `User-Agent` is kept as far as a list of sessions can show it. */
  userAgentCharactersMax: 200,
  /** Bodies of all requests of a process that are read and not answered; those up to so many bytes do not count. */
  bodyBytesInFlight: 268_435_456,
  bodyBytesUncounted: 4_096,
  /** A form of an OAuth endpoint, which is read before it is known who asks. */
  formBytesMax: 65_536,
  documentBytesMax: 16_777_216,
  /** Longer documents are read in a thread of their own, for at most this long, with at most this much memory. */
  documentInlineBytesMax: 4_096,
  documentTimeoutMs: 15_000,
  documentWorkerMb: 768,
  /** Such threads at once, and how long a document waits for one. */
  documentWorkersMax: 2,
  documentWaitMs: 20_000,
  /** Stored documents that are being sent at once; shorter ones hold their place only while they are read. */
  documentsSentMax: 32,
  documentSentShortMax: 262_144,
  documentPieceCharacters: 65_536,
  /** Who has not taken a stored document by then loses the connection: 16 MiB in this time are about 1 Mbit/s. */
  documentSendMs: 120_000,
  /** Lists of operations that are kept, and the longest of them. */
  operationListsKept: 32,
  operationListCharactersMax: 2_097_152,
  headerBytesMax: 16_384 + 8_192,
  /** Public documents of each kind that are kept ready to send, one a tenant; at most about 150 KB each. */
  documentsKept: 100,
  /** Lines of the log a second about one kind of error; about a database that cannot be used, in each kind of line. */
  failureLinesPerSecond: 20,
  storeFailureLinesPerSecond: 1,
  /** Metrics are collected at most this often, whoever asks. */
  metricsSharedMs: 1_000,
  /** A JWK Set is read anew after this, though nothing was said of its keys. */
  jwksKeptSeconds: 60,
  formParametersMax: 64,
  headersTimeoutMs: 10_000,
  /** Connections of one process at once, and never more than three quarters of the file limit. */
  connectionsMax: 40_000,
  /** Who takes nothing of what it is sent for this long loses its connection. */
  writeTimeoutMs: 30_000,
  requestTimeoutMs: 30_000,
  /** After SIGTERM, running requests may take this long, and idle connections may stay open this long. */
  drainMs: 10_000,
  drainIdleMs: 2_000,
  /** A worker that ends before was not well; the next one waits longer, up to the pause. */
  workerStableMs: 10_000,
  workerPauseMaxMs: 5_000,
  /** Processes on one machine. */
  workersMax: 256,
  idempotencyLifeSeconds: 86_400,
  /** Answers that a process keeps within that time, about 1 KB each. */
  idempotencyRecordsMax: 200_000,
  /** Kept beside a SQLite database, for what ends credentials when the disk is full; made again when there is room. */
  reserveBytes: 67_108_864,
  tendReserveMs: 10_000,
  /** For the lock of a SQLite database; `serve` waits longer, for a rolling restart. */
  dataLockWaitMs: 2_000,
  dataLockServeWaitMs: 15_000,
  /** For so long two servers may have one SQLite database after its lock file was deleted. */
  dataLockWatchMs: 1_000,
  /** A credential that ends sooner does not keep its tenant from being locked out. */
  administratorLastsSeconds: 86_400,
  /** Audiences remembered as once guarded by a client; beyond, it counts as one that guarded every audience. */
  highestGuardsMax: 1_000,
  /** A key is in the JWK Set this long before it signs; clients cache the set for at most `jwksMaxAgeSeconds`. */
  publishBeforeSigningSeconds: 600,
  jwksMaxAgeSeconds: 300,
  /** A signing key is replaced after this. */
  signingKeyLifeSeconds: 90 * 86_400,
  assertionLifeSeconds: 60,
  /** So many signatures of one turn of the event loop are worth waking another thread. */
  signTogetherMin: 2,
  /** It is given so many at a time, without waiting for the end of the turn: it makes them while this one reads on. */
  signOrderMax: 4,
  /** Orders it may owe; further signatures are made where they are asked for. */
  signOrdersMax: 64,
  /** Keys that it holds until it is started anew. */
  signThreadKeysMax: 1_000,
  /** After it has ended by itself. */
  signThreadRestMs: 10_000,
  /** RFC 7523 assertions of clients: `exp` at most this far ahead. */
  clientAssertionLifeSecondsMax: 300,
  tokenTtlSecondsDefault: 3_600,
  /** Polls of the feed by which a request that is behind lets this process catch up, before it is 503. */
  catchUpRoundsMax: 3,
  /** Waits on the last step before a signature, each of which makes it look again, before the request begins again. */
  issuingRoundsMax: 5,
  /** Failed proofs for one client from one address in any minute, before further ones are 429. A right one never is. */
  wrongSecretsPerMinute: 30,
  /** Entries in one answer of the feed. */
  feedPageMax: 1_000,
  /**
   * Live feed entries about JWTs one client signed: the next revocation retires the signing key
   * (docs/protocol/feed.md §2.1).
   */
  clientTokenEntriesMax: 1_000,
  /** Live feed entries about JWTs issued to one client: the next revocation is a cut-off. */
  tokenEntriesMax: 10_000,
  /** Live feed entries about subjects of a tenant: a further one is refused. */
  subjectEntriesMax: 10_000,
  /** Keys that one revocation of a subject ends: each has an entry of its own in the same transaction. */
  subjectKeysMax: 10_000,
  /** Credentials a tenant's engine keeps ready, about 5 KiB each; the least it keeps is half of them. */
  credentialsCachedMax: 22_000,
  /** API keys all tenants' engines know without asking the database, about 60 bytes each: so many at least ... */
  credentialsPackedMin: 1_250_000,
  /** ... and, where a quarter of the memory holds them, up to so many. */
  credentialsPackedMax: 12_500_000,
  credentialPackedBytes: 60,
  /** Bytes for the metadata and the subjects of those keys, all together: so many at least ... */
  packedTextBytesMin: 80_000_000,
  /** ... and, where there is room for more keys, so many for each. Keys whose text finds no room are looked up again. */
  packedTextBytesPerKey: 30,
  /** Keys read ahead in one go after a start, about 1 ms of work. */
  warmingPage: 100,
  /** Changes of all tenants whose chain values are kept in memory, about 150 bytes each. */
  recentChainsMax: 4_096,
  /**
   * How old the list of verifiers may be by which the answer to a change counts those that have it; receipts read it
   * anew.
   */
  standingSharedMs: 100,
  /** Streams of the feed at once, of all tenants. */
  streamsMax: 32_768,
  /**
   * Instances of one verifier's credential that are told apart; further ones share an entry, as slow as the slowest.
   */
  verifierInstancesMax: 2_000,
  /** Questions of verifiers under way at once: positions, look-ups, pages and snapshots. */
  questionsMax: 32_768,
  /** From so many on, what changes within a millisecond for every 40 of them after one piece is sent in the next. */
  streamsManyMin: 100,
  streamsPerGatherMs: 40,
  streamsGatherMsMax: 100,
  /** A snapshot that was read is given to all who ask within this, while nothing has been said since. */
  snapshotSharedMs: 2_000,
  /** Whether who listens still may is asked this often, and whenever something is said of it. */
  streamCheckEveryMs: 1_000,
  heartbeatMs: 15_000,
  /** How long a request waits for proof that the books are fresh. */
  refreshMs: 1_000,
  /** How often the server's own book asks the database for its head. */
  pollMs: 500,
  /** How long the log keeps entries; a follower farther behind loads a snapshot. */
  feedLogSeconds: 86_400,
  cleanUpEveryMs: 60_000,
  /** A process whose clock is farther off the database's moves no drop time (docs/protocol/feed.md §2.2). */
  clocksApartMsMax: 300_000,
  /** The last round of clean-up, as the server ends. */
  lastCleanUpMs: 2_000,
  /** How often it is looked whether a signing key has signed long enough. */
  rotateEveryMs: 600_000,
  flushPositionsMs: 1_000,
  /** One question to Redis; a verification waits no longer for it. */
  redisTakeTimeoutMs: 50,
  /** One attempt to reach Redis: connecting, and then proving that it counts. */
  redisConnectTimeoutMs: 1_500,
  /** Between attempts while limits are counted per process: it is shared again at most 5 s after Redis is back. */
  redisRetryMs: 1_000,
  /** Counts of usage are written this long after the first of them at the latest, but for the time that takes. */
  flushUsageMs: 800,
  /** Distinct counters of one process until they are written; what comes beyond is counted by outcome alone. */
  usageRowsMax: 10_000,
  /** Texts of reports that nothing here knows, told apart a day: of one credential, and of all by fair shares. */
  usageNamesOfCredentialMax: 1_000,
  usageNamesMax: 100_000,
  /**
   * Writing them into SQLite may take so much of a core that others may need: a thirteenth, since it is done every 800
   * ms.
   */
  usageWriteMs: 60,
  /** However slow the disk, so many rows are told apart. */
  usageRowsMin: 1_000,
  /** In one transaction, for which on SQLite all changes wait: about 30 ms. */
  usageBatchRowsMax: 2_000,
  /** How long the end waits for the last counts to be written. */
  usageCloseMs: 5_000,
  /** Examples of refusals that a process writes in a span of time: of all tenants, by fair shares. */
  refusalSpanSeconds: 10,
  refusalsInSpanMax: 400,
  /** In one report of the process about what it judged itself. */
  refusalsInReportMax: 200,
  rollUpEveryMs: 60_000,
  /** How long a round of roll-ups takes at most; the rest waits for the next one. */
  rollUpBudgetMs: 20_000,
  /** One fetch of the outbound client: from the look-up of the name to the last byte. */
  outboundTimeoutMs: 3_000,
  outboundBodyBytesMax: 65_536,
  outboundHeaderBytesMax: 16_384,
  /** Its fetches at once. A look-up of a name holds one of four threads, and cannot be ended. */
  outboundMax: 3,
  outboundPerHostMax: 2,
  /** Look-ups of names at once, of fetches and calls, out of the four threads; and how long one waits for its turn. */
  lookUpsMax: 3,
  lookUpWaitMs: 10_000,
  /** A call to an API for a caller of ours: from the look-up of its name to the last byte, and the bytes of its answer. */
  callTimeoutMs: 60_000,
  callAnswerBytesMax: 10_000_000,
  /** Lists that are searched or ordered by what no index has, at once; and how long one waits for its turn. */
  searchesMax: 2,
  searchWaitMs: 10_000,
  /** Such calls at once: of a process, by fair shares, and of one account or client. */
  callsMax: 64,
  callsOfCallerMax: 4,
  /** Issuers that a tenant trusts: every verifier keeps their rules and keys in memory, up to 32 KB each. */
  issuersMax: 100,
  issuerKeysMax: 32,
  /** Keys of an issuer are fetched again after as long as its cache headers say, within these bounds. */
  issuerKeysSecondsMin: 60,
  issuerKeysSecondsMax: 86_400,
  /** Where they say nothing. */
  issuerKeysSecondsDefault: 900,
  /** Between fetches that fail: from a minute, doubled each time, to this. */
  issuerRetrySecondsMax: 3_600,
  /** An issuer is looked at once in this time, however often a `kid` that it lacks is presented to this process. */
  issuerWantedSeconds: 5,
  /** Issuers remembered for that; beyond, it begins anew. */
  issuersWantedMax: 1_000,
  /** How often it is looked which are due, and how many a round takes. */
  issuerKeysEveryMs: 15_000,
  issuersDueMax: 100,
  /** The entry of an issuer's client is said anew when it would end sooner than this, and how often it is looked. */
  issuerClientKeptSeconds: 183 * 86_400,
  issuerClientsEveryMs: 3_600_000,
} as const
