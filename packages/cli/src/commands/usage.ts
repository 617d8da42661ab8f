import type { Query } from '@countersign/client'
import { connectToServer } from '../connection.ts'
import { leaf, oneOf, parseTimeFlag } from '../flags.ts'
import { printJson, printTable } from '../output.ts'

const intervals = ['minute', 'hour', 'day'] as const
const groups = ['outcome', 'scope', 'keyId', 'clientId'] as const

interface Flags {
  readonly json?: true
  readonly key?: string
  readonly client?: string
  readonly scope?: string
  readonly from?: string
  readonly to?: string
  readonly interval?: (typeof intervals)[number]
  readonly groupBy: (typeof groups)[number]
}

export const usageCommand = leaf('usage')
  .description('counts of verifications over time; default: the last 24 hours by outcome')
  .option('--key <id>', 'only this key, or token minted as a key')
  .option('--client <id>', 'only credentials of this client')
  .option('--scope <scope>', 'only requests that required this')
  .option('--from <time>', 'the beginning (RFC 3339); default: 24 intervals before the end', parseTimeFlag)
  .option('--to <time>', 'the end (RFC 3339), exclusive; default: now', parseTimeFlag)
  .option('--interval <interval>', intervals.join(', '), oneOf(...intervals))
  .option('--group-by <member>', groups.join(', '), oneOf(...groups), 'outcome')
  .action(async ({ json, key, client, groupBy, ...rest }: Flags) => {
    const asked = { ...rest, groupBy, keyId: key, clientId: client }
    const query = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined))
    const answer = await connectToServer().management.getUsage({ query: query as Query<'getUsage'> })
    if (json === true) return printJson(answer)
    const title = { outcome: 'OUTCOME', scope: 'SCOPE', keyId: 'KEY', clientId: 'CLIENT' }[groupBy]
    printTable(
      ['AT', groupBy === 'scope' ? { title, is: 'name' } : title, 'COUNT'],
      answer.data.map((each) => [each.at, each[groupBy], each.count]),
    )
  })
