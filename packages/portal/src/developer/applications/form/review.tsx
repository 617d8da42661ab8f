/** Beside the form: what the application will be, in a sentence, and the same by other means. */
import type { ReactNode } from 'react'
import { CodeBlock } from '../../../shared/kit/code_block.tsx'
import { pageData } from '../../../shared/page_data.ts'
import { applicationsText as words } from '../../../shared/text/applications.ts'
import { text } from '../../../shared/text.ts'
import { hasSecret } from '../types.ts'
import { useNames } from '../use_names.ts'
import type { CreateBody } from './body.ts'
import { samplesOf } from './samples.ts'

const { form } = words

export function Review({ body }: { readonly body: CreateBody }): ReactNode {
  const names = useNames()
  const { access = [], redirectUris = [], type } = body
  return (
    <aside className="review">
      <section className="card pad">
        <h2>{form.sentence}</h2>
        <p>
          {form.is(words.types[type], hasSecret(type))} {form.asks(access.map(({ audience }) => names.api(audience)))}{' '}
          {redirectUris.length > 0 && form.returns(redirectUris)}
        </p>
      </section>
      <CodeBlock label={text.create.same} samples={samplesOf(body, `${location.origin}${pageData.base}`)} />
    </aside>
  )
}
