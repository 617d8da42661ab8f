/** Colours that the owner of a tenant has chosen, so that everybody can read what has them (WCAG 2.2 §1.4.3). */

type Rgb = readonly [red: number, green: number, blue: number]

/** The ground of the pages that is nearest to such a colour, by theme, and where a colour goes to stand out more. */
const themes = {
  light: { ground: '#f8fbfa', towards: '#000000' },
  dark: { ground: '#111a1d', towards: '#ffffff' },
} as const

export type Theme = keyof typeof themes

const contrastMin = 4.5
const steps = 64
const strongerBy = 0.25

/** The ratio of two colours, from 1 to 21. Each is `#rrggbb`. */
export function contrast(one: string, other: string): number {
  const [lower = 0, higher = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (higher + 0.05) / (lower + 0.05)
}

/** Whether it can be read on the ground of the theme. */
export function isReadable(color: string, theme: Theme): boolean {
  return contrast(color, themes[theme].ground) >= contrastMin
}

/** The colour itself where it can be read, else the nearest to it that can. */
export function readable(color: string, theme: Theme): string {
  for (let step = 0; step < steps; step++) {
    const mixed = mix(color, themes[theme].towards, step / steps)
    if (isReadable(mixed, theme)) return mixed
  }
  return themes[theme].towards
}

/** The same a little stronger, as it is shown under the pointer. */
export function stronger(color: string, theme: Theme): string {
  return mix(color, themes[theme].towards, strongerBy)
}

function mix(one: string, other: string, part: number): string {
  const [from, to] = [parse(one), parse(other)]
  const mixed = from.map((value, index) => Math.round(value + ((to[index] as number) - value) * part))
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`
}

function luminance(color: string): number {
  const [red, green, blue] = parse(color).map((value) => {
    const part = value / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  }) as unknown as Rgb
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function parse(color: string): Rgb {
  const value = Number.parseInt(color.slice(1), 16)
  return [value >> 16, (value >> 8) & 255, value & 255]
}
