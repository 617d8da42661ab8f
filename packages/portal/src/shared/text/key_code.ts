/** The texts of the code of a key. */
export const keyCode = {
  title: 'A call with this key',
  lead: 'Put the key into COUNTERSIGN_KEY, where your program reads its secrets. It does not belong in the code.',
  operation: 'Call',
  samples: 'The call in five languages',
  reference: 'All about this operation',
  loading: 'Loading the operations',
  noDocument: 'The API has no description here, so put the path of a call in place of the slash.',
  noneCallable: 'This key may call no operation of the API’s description.',
  gone: 'The API of this key is gone, or you cannot see it.',
} as const
