/**
 * Public keys whose private halves were thrown away when they were made. A JWT that names no known key is verified with
 * one of them and then refused, so that the time of the answer does not tell whether the key was known
 * (docs/security/invariants.md §7).
 */
import type { JwsAlgorithm } from '../jws/algorithm.ts'
import type { UnverifiedJwt } from '../jwt/parse.ts'

type PublicJwk = { readonly [member: string]: string }

/** Decoys by algorithm; for RSA, whose work depends on the size, also by the length of the signature in bytes. */
const decoys: { readonly [name: string]: PublicJwk } = {
  ES256: {
    kty: 'EC',
    crv: 'P-256',
    x: 'wViBSsFRbtcPNnMDbPFZMKDN30Caeo9KD0sw_uAzaDU',
    y: 'Waiemy4Fg5R418yh5cD4Q4tCH4I44RG4og3Vaiv1HOI',
  },
  ES384: {
    kty: 'EC',
    crv: 'P-384',
    x: '4p6O4h3Ym7XBztLfvZWkGJxN8XZ8JdYqoFFxZSksC3n_g2aF57QHoaKGDN_AhG3-',
    y: 'ombbAsEaIsJdjv8H8_OyZpqqITL7V_2muuiYzoEk_0Z1SS7rpeR4VQe2nzosaVU8',
  },
  ES512: {
    kty: 'EC',
    crv: 'P-521',
    x: 'ARTMiuv9GDBqli3JtGmPYHL0eYjcGN1vFzrQhkOq35mdCcPRrehdQTXDMDKfcLikQG-YEJ38oHvllzmgKlTcp-Y_',
    y: 'AXTeQT3LiTbp3KlQpKmh0kfrIEHztIzWfc5mO0uEy0Z_Clyk3IELuY3dvFDFahcJyF9Vkv5yNEDS2Vl4Mr-xUw2-',
  },
  EdDSA: { kty: 'OKP', crv: 'Ed25519', x: 'PAdTX4rZ5LqYWeaJgTVSL9a9Lyrd3bfAc-A4K-0rkno' },
  256: {
    kty: 'RSA',
    e: 'AQAB',
    n: [
      'uwr6pVEBxizkpRMpMSPHNB8wA1ySW-uPqQ-yigtQNOGRJlhl1MBZuYeRIR2vwVzlYq-v0VQMZ0Q1WyRlq54c34Ei_KYBJzDm6rghm2fvnCxCO0',
      '6Z82fWsI__wdR09sZgjAgnZfvzvs5j-2KEALN_4v-96DQY2sWodew4RQFFUY2ebUzYLlBN3xQqguLU2ZopLxBOgT2KlTCyAn1NC0SLouZ-X4U9',
      'Gld5JTfuU6kZFljIlatbYKkpvxlP6ZYzr2cEkf6H1qigTv6BcX7bCeglnb1hC91woFfzoxuTJRKLMFuvvUZIglnkPTHrZXgHE2TZaBrvlctIm3',
      '6t0G7H23tePw',
    ].join(''),
  },
  384: {
    kty: 'RSA',
    e: 'AQAB',
    n: [
      'sj6iBJTUeIdHsydlGgrqMuHUtSN6EjTEUe05JQrliskXIn23OcK5wvhPsLBf7SyoZHoQJy5PiW9KR9-zQpJX1sI_xiDVjNP_yX8_KtJ4XQIOed',
      'nuh7y2QgLoapAS-n2iwRks6iy_7dH9zfjOoRC88jDNEb4DPSQrypleglOivuYn9fKPbjIf8LDHoGEMAXJ5f4X1s-A04rLGzV2TR_NJfrFbSmYN',
      'nx1AfVeQlJrp_1cbEegFLmdwbTS4VVAfsck7wynO0Y33ohYqzDvbq8vKnNcljg-zrIdcbVl65NLhn8X9MWDJRxo93YObCLzD4LElYqwo2GCcOA',
      '_p172BKxI5_95Qs1GT3_HnvVPHH6CMcvkCODhm7MG63yueBt9EHpqhvmfvM-g2wJY435udUkSIQ8-skbzgboCmXhz_LoGocv7_TFUyYXwgyF8M',
      'mW8uYtr0SmZk56sBqG8R26Qr3q8v7Utw-_AD6ubbTKgIIPyVWTi3593jTTK9IqjRAntMZx5t',
    ].join(''),
  },
  512: {
    kty: 'RSA',
    e: 'AQAB',
    n: [
      'hgsN80iEZaGThHlSipibZOqm_DvxEl2DzXpuAyIdapbVbdbr-PnFgJJH56cXGueXd2vKzgz1Yvm3rFLReqJWLhY7y8vtdyn7R0hvXh9DEJaUmd',
      'VzFUfjuvQIw6gBoj9ivPS6kC18Y6UaIP80Vj9bGluxeJ_w9ctDKRcgcKZpV6laXf0b2gYPI_4jqZedacdlUYgxNO3LcmLSEWSh2QaZTusswe9K',
      'dpdm84N3rmBltpzG7FKccm9dKBKx4IhJDqokpi04CEKJgY3xEiVA_hPjIL1ccBmFZjRJWI0m-SFFwEmbDPNc-urSWOTgmEu9FHWeyPANJzyasq',
      'jjD2kLsm3kFR4M3XtO0hj_f_ixGOtoA4DL-lZbgCjSuSETj5iETaj_IY70IErg_cryDuxmMy0Bh6apFSY4yRpVhYqgRcQjmcwBS_62HcmDHCRJ',
      'o4lZZS3lLm1faeIEW7skb1nXeOvAanAPITn6PsKeqAqdl9V-LCEJPhJSNKJ4rgqvtZsJe-7kPp0PAYSCcWgkjeVl8ZK9bf6FPEYdTkZYezj9Rb',
      '9MihpKHzfPfl2K9gcYWVoOR71gwQAsNmn0Sw5UDF5bAP_d_n4QNyIE77aNOWpXcNdnu5shdRe7doOlV_MsLzUqNpn8oqqf9BNa5dLxvHepzReX',
      'tZmhTjD7J4dQfqCT9qezXSk',
    ].join(''),
  },
}

const smallestRsa = decoys[256] as PublicJwk

/**
 * The key to verify a JWT with when no key is known for it: of the algorithm that its header names, and for RSA of the
 * size of its signature. `undefined` for algorithms without a public half. A JWT verified with a decoy must be refused.
 *
 * ```ts
 * const key = importVerificationKey(record?.publicJwk ?? decoyJwk(jwt), { alg, purpose: 'client_assertion' })
 * ```
 */
export function decoyJwk({ header, jws }: UnverifiedJwt): PublicJwk | undefined {
  const { alg } = header
  if (alg.startsWith('HS')) return undefined
  return isRsa(alg) ? (decoys[jws.signature.length] ?? smallestRsa) : decoys[alg]
}

/**
 * Whether verifying the JWT with this key takes as long as with its decoy: the same algorithm, and for RSA the same
 * size. If not, the signature cannot be valid, and the decoy is verified instead.
 */
export function isOfDecoySize({ header, jws }: UnverifiedJwt, alg: string, publicJwk: object): boolean {
  if (alg !== header.alg) return false
  if (!isRsa(header.alg)) return true
  const modulus = (publicJwk as { readonly n?: unknown }).n
  return typeof modulus === 'string' && Math.floor((modulus.length * 3) / 4) === jws.signature.length
}

function isRsa(alg: JwsAlgorithm): boolean {
  return alg.startsWith('RS') || alg.startsWith('PS')
}
