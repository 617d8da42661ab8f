import { limits as coreLimits } from '@countersign/core'

/**
 * Every limit of this package. The owner of one API writes a description, and a server that many share reads it, so its
 * size and depth are bounded. Real descriptions stay far below: the largest public ones have some 3,000 operations, 12
 * MB and a depth of 40.
 */
export const limits = {
  /** Bytes of a document as UTF-8, unless the caller sets another limit. */
  documentBytesMax: 16 * 1024 * 1024,
  /** Nesting of maps and lists. Parsers recurse, and a stack overflow must not be an input. */
  documentDepthMax: 200,
  /** Values of a YAML document with all aliases expanded (the "billion laughs"). */
  documentValuesMax: 4_000_000,
  /** Steps from one `$ref` to the next. */
  referenceStepsMax: 32,
  /** Operations of one document. */
  operationsMax: 20_000,
  /** Characters of one path template. */
  pathLengthMax: 2_048,
  /** Operations whose last parameter may hold slashes. A path that nothing else has is compared with each, in 0.1 µs. */
  spansMax: 512,
  /** Alternatives of one requirement, and scopes of one alternative. */
  alternativesMax: 64,
  scopesPerAlternativeMax: 64,
  /** Scopes in the requirements of all operations together, which bounds the answer that lists them. */
  requiredScopesMax: 100_000,
  /** The highest cost of one call: core's limit, which every verifier applies. */
  costMax: coreLimits.costMax,
  /** Characters of one scope: core's limit, by which `isScopeToken` tells. */
  scopeLengthMax: coreLimits.scopeTokenBytesMax,
  /** Steps of comparing templates for overlap, 0.1 µs each, and problems reported. */
  overlapStepsMax: 1_000_000,
  problemsMax: 1_000,
} as const
