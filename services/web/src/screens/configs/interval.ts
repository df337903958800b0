/** The intervals of recall@100 in the list. */
import { axisOver, spanAt, type Axis, type Span } from '@/model/axis'
import type { ConfigLine } from './useConfigList'

/** [low, high] of the interval of recall@100, null where none is known. */
export function intervalOf(config: ConfigLine): Span | null {
  return spanAt(config.best?.interval, 'recall_at_100')
}

export const axisOf = (rows: readonly ConfigLine[]): Axis =>
  axisOver(rows.flatMap((row) => intervalOf(row) ?? (row.best_recall_at_100 === null ? [] : [row.best_recall_at_100])))
