/** Tables, and texts that are copied. */
import { type ReactNode, useRef } from 'react'
import { CardTable } from '../../shared/kit/card_table.tsx'
import { CodeBlock } from '../../shared/kit/code_block.tsx'
import { ScrollingPart, ScrollingText } from '../../shared/kit/scrolling.tsx'
import { SecretText } from '../../shared/kit/secret_text.tsx'
import { Status } from '../../shared/kit/status.tsx'
import { kitText } from '../../shared/text/kit.ts'
import { text } from '../../shared/text.ts'
import { InState, Shown } from './shown.tsx'

const { names, sample } = kitText
const readOnce = (): string => sample.once

export function Lists(): ReactNode {
  const shown = useRef<HTMLDivElement>(null)
  return (
    <>
      <Shown of="card_table.tsx">
        <Table />
      </Shown>
      <Shown of="code_block.tsx">
        <InState name={names.one}>
          <CodeBlock label={names.one} samples={{ curl: 'curl https://orders.example' }} />
        </InState>
        <InState name={names.several}>
          <CodeBlock
            label={names.several}
            samples={{ curl: 'curl https://orders.example', fetch: "await fetch('https://orders.example')" }}
          />
        </InState>
      </Shown>
      <Shown of="scrolling.tsx">
        <InState name={names.plain}>
          <ScrollingText>{sample.long}</ScrollingText>
        </InState>
        <InState name={names.wide}>
          <ScrollingPart>
            <p className="nowrap">{sample.long}</p>
          </ScrollingPart>
        </InState>
      </Shown>
      <Shown of="secret_text.tsx">
        <SecretText read={readOnce} label={text.reveal.label(sample.once.length)} ref={shown} />
      </Shown>
    </>
  )
}

function Table(): ReactNode {
  const { columns } = text.keys
  return (
    <CardTable
      className="keys"
      caption={text.keys.caption}
      columns={[columns.name, columns.status]}
      actions={text.keys.actions}
    >
      {(
        [
          [sample.name, 'active'],
          [sample.other, 'disabled'],
        ] as const
      ).map(([name, status]) => (
        <tbody key={name}>
          <tr>
            <th scope="row">{name}</th>
            <td data-label={columns.status}>
              <Status kind={status} word={text.key.status[status]} />
            </td>
            <td className="menu">
              <button type="button" className="button" aria-label={`${sample.open} ${name}`}>
                {sample.open}
              </button>
            </td>
          </tr>
        </tbody>
      ))}
    </CardTable>
  )
}
