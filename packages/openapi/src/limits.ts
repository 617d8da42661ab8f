import { limits as coreLimits } from '@countersign/core'

/**
 * Every limit of this package. A description is written by the owner of one API and read by a server that many share,
 * so whatever can be made large or deep in one has an end. Real descriptions stay far below: the largest public ones
 * have some 3,000 operations, 12 MB and a depth of 40.
 */
export const limits = {
  /** Size of a document as UTF-8, unless the caller says otherwise. */
  documentBytesMax: 16 * 1024 * 1024,
  /** Nesting of maps and lists. Parsers recurse, and a stack overflow must not be an input. */
  documentDepthMax: 200,
  /** Values of a YAML document after every alias stands for what it repeats (the "billion laughs"). */
  documentValuesMax: 4_000_000,
  /** Steps from one `$ref` to the next. */
  referenceStepsMax: 32,
  /** Operations of one document. */
  operationsMax: 20_000,
  /** Characters of one path template. */
  pathLengthMax: 2_048,
  /** Alternatives of one requirement, and scopes of one alternative. */
  alternativesMax: 64,
  scopesPerAlternativeMax: 64,
  /** Scopes named in the requirements of all operations together: what an answer that lists them can grow to. */
  requiredScopesMax: 100_000,
  /** What one call may cost: core's limit, which every verifier holds it to. */
  costMax: coreLimits.costMax,
  /** Characters of one scope. */
  scopeLengthMax: 256,
  /** Steps of comparing templates for overlap, 0.1 µs each, and problems reported. */
  overlapStepsMax: 1_000_000,
  problemsMax: 1_000,
} as const
