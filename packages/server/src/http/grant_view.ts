import { formatTime, type Grant } from '@countersign/core'

/** A grant on the wire: times as RFC 3339, every field there. */
export function grantView(grant: Grant): object {
  const {
    kind,
    credentialId,
    tenant,
    clientId,
    subject,
    subjectIssuer,
    externalSubject,
    audience,
    scope,
    expiresAt,
    environment,
    parent,
  } = grant
  const { metadata, clientMetadata } = grant
  return {
    kind,
    credentialId,
    tenant,
    clientId,
    subject,
    audience,
    scope,
    expiresAt: expiresAt === undefined ? null : formatTime(expiresAt),
    environment: environment ?? null,
    metadata,
    ...(clientMetadata === undefined ? {} : { clientMetadata }),
    ...(subjectIssuer === undefined ? {} : { subjectIssuer }),
    ...(externalSubject === undefined ? {} : { externalSubject }),
    ...(parent === undefined ? {} : { parent }),
  }
}
