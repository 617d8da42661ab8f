/** The authorization server, the management API and the feed: what the CLI starts. */

export { MasterKey } from './keys/master_key.ts'
export { ConfigError } from './keys/master_key_file.ts'
export { serverLimits } from './limits.ts'
export type { Mail, MailTransport } from './mail/mailer.ts'
export { formatSmtpTarget, type SmtpTarget } from './mail/smtp_target.ts'
export { type Log, silentLog } from './observe/log.ts'
export { formatUsageRetention } from './observe/usage_retention.ts'
export { createOutbound } from './outbound/outbound_client.ts'
export { html } from './people/pages/html.ts'
export { formatRedisTarget, type RedisTarget } from './redis/target.ts'
export { type Restored, type RestoreOptions, restore } from './restore/restore.ts'
export { type AuditVerified, auditVerify } from './run/audit_verify.ts'
export { type BackupOptions, backup } from './run/backup.ts'
export { type Config, readConfig } from './run/config.ts'
export { lockData } from './run/data_lock.ts'
export { type Finding, type InspectOptions, inspectInstallation } from './run/doctor.ts'
export { inspectSettings } from './run/inspect_settings.ts'
export {
  type InstallationOptions,
  openInstallation,
  openInstallationStore,
  openMaster,
  sqliteFile,
} from './run/installation.ts'
export { type Provision, type Provisioned, provisionApi } from './run/provision.ts'
export { provisionApplication } from './run/provision_application.ts'
export { provisionOperator } from './run/provision_operator.ts'
export { type Recovered, recoverAdministrator } from './run/recover.ts'
export { ListenError, type ServeOptions, type Serving, serve } from './run/serve.ts'
export { tellReady, WorkerStartError } from './run/workers.ts'
export { type CountersignServer, createServer } from './server.ts'
export type { ServerOptions } from './server_options.ts'
export { defaultTenantId } from './tenants/bootstrap.ts'
export { type GatewayAssertion, signAssertion } from './verification/gateway_assertion.ts'
