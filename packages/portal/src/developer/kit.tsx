/** `/portal/kit`, in `dev` alone: every part of `shared/kit` in each of its states, to be looked at. */
import type { ReactNode } from 'react'
import { ScreenTitle } from '../shared/kit/screen_title.tsx'
import { kitText as words } from '../shared/text/kit.ts'
import { Charts } from './kit/charts.tsx'
import { Fields } from './kit/fields.tsx'
import { Layers } from './kit/layers.tsx'
import { Lists } from './kit/lists.tsx'
import { Marks } from './kit/marks.tsx'
import { Shown } from './kit/shown.tsx'
import { States } from './kit/states.tsx'

export function KitScreen(): ReactNode {
  return (
    <>
      <div className="head">
        <div>
          <ScreenTitle>{words.title}</ScreenTitle>
          <p>{words.lead}</p>
        </div>
      </div>
      <div className="parts-shown">
        <Shown of="screen_title.tsx">
          <p>{words.titleNote}</p>
        </Shown>
        <Marks />
        <Fields />
        <States />
        <Charts />
        <Lists />
        <Layers />
      </div>
    </>
  )
}
