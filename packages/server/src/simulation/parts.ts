/** All product code that the simulator drives, in one place: a mutant replaces it as a whole (`patched.ts`). */

export { createEngine, createFeedFollower, memoryLimiter } from '@countersign/verifier/engine'
export { liftDropAt } from '../../../store/src/feed/drop_time.ts'
export { openBooks } from '../feed/books.ts'
export { createCleanUp } from '../feed/clean_up.ts'
export { storeDirectory } from '../feed/directory.ts'
export { createDropTimes } from '../feed/drop_time.ts'
export {
  answerPosition,
  catchUp,
  isInLog,
  lookUpRecord,
  readPage,
  readSnapshot,
  takeHandedBack,
} from '../feed/feed_answers.ts'
export {
  apiObject,
  clientObject,
  keyObject,
  publicKeyObject,
  signingKeyObject,
  tenantObject,
  tokenObject,
} from '../feed/objects.ts'
export { createPlaceSeals } from '../feed/place_seal.ts'
export { createRevocationMacs } from '../feed/revocation_mac.ts'
export { cutOffAt, revokeKey, revokeToken, revokeUnregistered } from '../feed/revoker.ts'
export { createSnapshots } from '../feed/snapshots.ts'
export { MasterKey } from '../keys/master_key.ts'
export { startOwnHandBack } from '../restore/own_hand_back.ts'
export { deleteClient, revokeSigningKey } from '../restore/taken.ts'
