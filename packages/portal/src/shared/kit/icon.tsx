import type { ReactNode } from 'react'

const paths = {
  key: 'M8 10.8a2.7 2.7 0 1 1-5.5 0 2.7 2.7 0 0 1 5.5 0zM7.2 8.8 13 3M10.6 5.4l1.9 1.9',
  house: 'M2.5 7.5 8 3l5.5 4.5M4 6.5V13h8V6.5',
  search: 'M11.2 7a4.2 4.2 0 1 1-8.4 0 4.2 4.2 0 0 1 8.4 0zM10.2 10.2 13.5 13.5',
  plus: 'M8 3v10M3 8h10',
  chevron: 'M4.5 6.5 8 10l3.5-3.5',
  eye: 'M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM10 8a2 2 0 1 1-4 0 2 2 0 0 1 4 0z',
  copy: 'M7 5.5h5A1.5 1.5 0 0 1 13.5 7v5a1.5 1.5 0 0 1-1.5 1.5H7A1.5 1.5 0 0 1 5.5 12V7A1.5 1.5 0 0 1 7 5.5zM10.5 5.5V4A1.5 1.5 0 0 0 9 2.5H4A1.5 1.5 0 0 0 2.5 4v5A1.5 1.5 0 0 0 4 10.5h1.5',
  download: 'M8 2.5v8M4.8 7.3 8 10.5l3.2-3.2M3 13.5h10',
  book: 'M8 4.2C6.6 3.2 4.6 3 2.5 3v9.5c2.1 0 4.1.2 5.5 1.2 1.4-1 3.4-1.2 5.5-1.2V3c-2.1 0-4.1.2-5.5 1.2zM8 4.2v9.5',
  roll: 'M13 8a5 5 0 1 1-1.5-3.5M13 2.5v2.5h-2.5',
  menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
  link: 'M6.5 9.5l3-3M7.5 4.8l1.3-1.3a2.6 2.6 0 0 1 3.7 3.7l-1.3 1.3M8.5 11.2l-1.3 1.3a2.6 2.6 0 0 1-3.7-3.7l1.3-1.3',
  people:
    'M8 5.2a2.2 2.2 0 1 1-4.4 0 2.2 2.2 0 0 1 4.4 0zM2 13c0-2.4 1.6-4 3.8-4s3.8 1.600 3.800 4M10.500 3.200a2.200 2.200 0 0 1 0 4M11.500 9.200c1.500.4 2.500 1.800 2.500 3.800',
  pen: 'M3 13l.7-3 7-7a1.6 1.6 0 0 1 2.300 2.300l-7 7zM9.500 4.200l2.300 2.300',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'M5 3.5v9l7-4.5z',
  cross: 'M3.5 3.5l9 9M12.5 3.5l-9 9',
  window: 'M2.5 3.5h11v9h-11zM2.5 6.500h11M4.500 5h.01',
  bars: 'M3 13.5V9M6.3 13.5V4M9.6 13.5V7M13 13.5V2.5',
  glass: 'M10 6.5a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0zM9 9l4.5 4.5M5 6.5h3',
  warning: 'M8 2.5 14 13H2zM8 6.5v3M8 11.3v.1',
} as const

export type IconName = keyof typeof paths
export const iconNames = Object.keys(paths) as readonly IconName[]

export function Icon({ name }: { readonly name: IconName }): ReactNode {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  )
}

/** Three dots: more can be done here. */
export function MoreIcon(): ReactNode {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d="M3.5 8h.01M8 8h.01M12.5 8h.01" strokeWidth="2.4" />
    </svg>
  )
}

/** Two strokes: the sign and the countersign. */
export function Mark(): ReactNode {
  return (
    <svg className="mark" viewBox="0 0 26 26" aria-hidden="true">
      <path
        className="a"
        d="M3 16.5C6.5 6.5 10.5 3.5 10.5 8c0 3.5-3.5 8.5-1.5 9 2 .5 3.2-5.5 5.2-5.5s.3 5 2.6 5c1.9 0 3.2-1.6 6.2-2.5"
      />
      <path className="b" d="M3 22.5h20" />
    </svg>
  )
}
