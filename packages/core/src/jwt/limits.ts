/** The limits of JOSE parsing. A limit that is reached refuses; nothing is cut. */

/** Length of one JWS or JWT in compact form, in bytes. Checked before any other work, as are the parts. */
export const jwtBytesMax = 16_384

/** Length of the first part of a JWS as presented, in bytes of base64url. */
export const joseHeaderBytesMax = 4_096

/** Levels of objects and arrays inside one another, in a header or in claims; the outer object is the first. */
export const jsonDepthMax = 16

/** Number of members of all objects of one header or claims set. It bounds the search for duplicate names. */
export const jsonMembersMax = 256

/** Length of a `kid` in a header or a JWK, in UTF-16 code units. */
export const kidLengthMax = 256

/** Length of one member of a JWK as text, in characters: an RSA modulus of 4096 bits has 683. */
export const jwkMemberLengthMax = 1_400

/** Number of keys in one JWK Set, refused ones included. */
export const jwksKeysMax = 100

export const rsaModulusBitsMin = 2_048
/** A verification with 8192 bits takes four times as long as one with 4096, and nothing asks for it. */
export const rsaModulusBitsMax = 4_096

/** FIPS 186-5 §5.4: an odd exponent above 2¹⁶. */
export const rsaExponentMin = 65_537n

/** Verification gets slower with every bit of the exponent, so a key must not choose a huge one. */
export const rsaExponentBitsMax = 32

/** The latest date that RFC 3339 can write: 9999-12-31T23:59:59Z. */
export const numericDateMax = 253_402_300_799
