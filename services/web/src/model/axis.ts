/** One axis for the intervals of a table or plot, so that its rows can be compared by eye. */
export interface Axis {
  low: number
  high: number
}

export type Span = readonly [low: number, high: number]

/** From the lowest to the highest of `values`; from nought to one where they do not differ. */
export function axisOver(values: readonly number[]): Axis {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  return high > low ? { low, high } : { low: 0, high: 1 }
}

/** Where the value lies on the axis, as an SVG length; 4% are left free at both ends. */
export const at = (axis: Axis, value: number): string => `${4 + ((value - axis.low) / (axis.high - axis.low)) * 92}%`

/** [low, high] at `key` of figures that the API keeps by metric, null where none are known. */
export function spanAt(held: unknown, key: string): Span | null {
  const found: unknown = typeof held === 'object' && held !== null ? (held as Record<string, unknown>)[key] : null
  return Array.isArray(found) && typeof found[0] === 'number' && typeof found[1] === 'number' ? [found[0], found[1]] : null
}

export function numberAt(held: unknown, key: string): number | null {
  const found: unknown = typeof held === 'object' && held !== null ? (held as Record<string, unknown>)[key] : null
  return typeof found === 'number' ? found : null
}
