import { type AddressRange, formatAddress } from '@countersign/core'
import { Command } from 'commander'
import { leaf } from '../flags.ts'
import { printJson, printRecord } from '../output.ts'

const print = leaf('print')
  .description('the settings that serve would run with, secrets redacted, or every problem at once')
  .option('--config <file>', 'settings as one JSON object, names in camelCase')
  .action(async ({ json, config: file }: { readonly json?: true; readonly config?: string }) => {
    const { formatRedisTarget, formatSmtpTarget, formatUsageRetention, readConfig } = await import(
      '@countersign/server'
    )
    const { listen, database, masterKey, adminKey, trustedProxies, redis, mail, usageRetention, ...plain } = readConfig(
      process.env,
      file,
    )
    const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host
    const effective = {
      ...plain,
      listen: `${host}:${listen.port}`,
      database: withoutPassword(database),
      redis: redis === undefined ? null : formatRedisTarget(redis),
      smtpUrl: mail === undefined ? null : formatSmtpTarget(mail.smtp),
      mailFrom: mail === undefined ? null : `${mail.from.name} <${mail.from.address}>`.trim(),
      masterKey: masterKey === undefined ? 'a file beside the database' : '[redacted]',
      adminKey: adminKey === undefined ? null : '[redacted]',
      trustedProxies: trustedProxies.map(formatRange),
      usageRetention: formatUsageRetention(usageRetention),
    }
    if (json === true) printJson(effective)
    else printRecord(effective)
  })

function formatRange({ address, prefixLength }: AddressRange): string {
  const text = formatAddress(address)
  return `${text}/${text.includes(':') ? prefixLength : prefixLength - 96}`
}

/** A password is in the user information of a URL, or in its query. */
function withoutPassword(text: string): string {
  return text.replace(/^(\w+:\/\/)[^@/?]*@/, '$1[redacted]@').replace(/([?&][^=&]*pass[^=&]*=)[^&]*/gi, '$1[redacted]')
}

export const configCommand = new Command('config').description('the configuration of serve').addCommand(print)
