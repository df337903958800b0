/** One axis for the recall intervals of a table, so that its rows can be compared by eye. */
import type { ConfigLine } from './useConfigList'

export interface Axis {
  low: number
  high: number
}

/** [low, high] of the interval of recall@100, null where none is known. */
export function intervalOf(config: ConfigLine): [number, number] | null {
  const held: unknown = config.best?.interval
  const at = typeof held === 'object' && held !== null ? (held as Record<string, unknown>) : {}
  return typeof at.low === 'number' && typeof at.high === 'number' ? [at.low, at.high] : null
}

export function axisOf(rows: readonly ConfigLine[]): Axis {
  const ends = rows.flatMap((row) => intervalOf(row) ?? (row.best_recall_at_100 === null ? [] : [row.best_recall_at_100]))
  const [low, high] = [Math.min(...ends), Math.max(...ends)]
  return high > low ? { low, high } : { low: 0, high: 1 }
}

/** Where the value lies on the axis, as an SVG length; 4% are left free at both ends. */
export const at = (axis: Axis, value: number): string => `${4 + ((value - axis.low) / (axis.high - axis.low)) * 92}%`
