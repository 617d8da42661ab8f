/** All product code that the simulator drives, in one place: a mutant replaces it as a whole (`patched.ts`). */

export { createEngine, createFeedFollower, memoryLimiter } from '@countersign/verifier'
export { liftDropAt } from '../../../store/src/feed/drop_time.ts'
export { openBooks } from '../feed/books.ts'
export { storeDirectory } from '../feed/directory.ts'
export { createDropTimes } from '../feed/drop_time.ts'
export { createCleanUp } from '../services/clean_up.ts'
export {
  answerPosition,
  catchUp,
  isInLog,
  lookUpRecord,
  readPage,
  readSnapshot,
  takeHandedBack,
} from '../services/feed_answers.ts'
export { MasterKey } from '../services/master_key.ts'
export { startOwnHandBack } from '../services/own_hand_back.ts'
export { createPlaceSeals } from '../services/place_seal.ts'
export { createRevocationMacs } from '../services/revocation_mac.ts'
export { cutOffAt, revokeKey, revokeToken, revokeUnregistered } from '../services/revoker.ts'
export { createSnapshots } from '../services/snapshots.ts'
export {
  apiSubject,
  clientSubject,
  keySubject,
  publicKeySubject,
  signingKeySubject,
  tenantSubject,
  tokenSubject,
} from '../services/subjects.ts'
export { deleteClient, revokeSigningKey } from '../services/taken.ts'
