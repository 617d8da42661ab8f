import type { Query } from '@countersign/client'
import { InvalidArgumentError } from 'commander'
import { connectToServer } from '../connection.ts'
import { leaf, oneOf, parseTimeFlag } from '../flags.ts'
import { printJson, printTable } from '../output.ts'

const intervals = ['minute', 'hour', 'day'] as const
const groups = ['outcome', 'scope', 'keyId', 'clientId'] as const

type Group = (typeof groups)[number]

interface Flags {
  readonly json?: true
  readonly key?: string
  readonly client?: string
  readonly scope?: string
  readonly from?: string
  readonly to?: string
  readonly interval?: (typeof intervals)[number]
  readonly groupBy: readonly Group[]
}

export const usageCommand = leaf('usage')
  .description('counts of verifications over time; default: the last 24 hours by outcome')
  .option('--key <id>', 'only this key, or token minted as a key')
  .option('--client <id>', 'only credentials of this client')
  .option('--scope <scope>', 'only requests that required this')
  .option('--from <time>', 'the beginning (RFC 3339); default: 24 intervals before the end', parseTimeFlag)
  .option('--to <time>', 'the end (RFC 3339), exclusive; default: now', parseTimeFlag)
  .option('--interval <interval>', intervals.join(', '), oneOf(...intervals))
  .option('--group-by <members>', `${groups.join(', ')}; two with a comma between`, parseGroups, ['outcome'])
  .action(async ({ json, key, client, groupBy, ...rest }: Flags) => {
    const asked = { ...rest, groupBy: groupBy.join(','), keyId: key, clientId: client }
    const query = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined))
    const answer = await connectToServer().management.getUsage({ query: query as Query<'getUsage'> })
    if (json === true) return printJson(answer)
    printTable(
      [
        'AT',
        ...groupBy.map((name) => (name === 'scope' ? { title: titles.scope, is: 'name' as const } : titles[name])),
        'COUNT',
      ],
      answer.data.map((each) => [each.at, ...groupBy.map((name) => each[name]), each.count]),
    )
  })

const titles: { readonly [Name in Group]: string } = {
  outcome: 'OUTCOME',
  scope: 'SCOPE',
  keyId: 'KEY',
  clientId: 'CLIENT',
}

function parseGroups(text: string): readonly Group[] {
  const names = text.split(',').map(oneOf(...groups))
  if (names.length > 2 || new Set(names).size < names.length)
    throw new InvalidArgumentError('must be one member, or two different ones with a comma between')
  return names
}
