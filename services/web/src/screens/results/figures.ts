/** What the figures of a finished test say: rows for the tables, the sentence over them. */
import type { QuickTest } from '@/api/following'
import { percent } from '@/format/numbers'
import { numberAt, spanAt, type Span } from '@/model/axis'

export const RECALLS = [
  ['recall_at_100', 'Recall@100'],
  ['recall_at_50', 'Recall@50'],
  ['recall_at_10', 'Recall@10'],
] as const
const HEADLINES: Record<string, string> = {
  better: 'Better than the previous best at recall@100',
  worse: 'Worse than the previous best at recall@100',
  cannot_tell: 'Cannot be told from the previous best at recall@100',
}
const SLICES: Record<string, string> = {
  new_customers: 'New customers',
  returning_customers: 'Returning customers',
  head_products: 'Products sold most',
  tail_products: 'Products sold rarely',
  new_products: 'New products',
}

export interface Measured {
  key: string
  label: string
  value: number
  span: Span | null
}
export interface Metric extends Measured {
  difference: number | null
  between: Span | null
  verdict: string | null
}
export interface Slice extends Measured {
  rows: number
  popularity: number | null
}

export function metricsOf(test: QuickTest): Metric[] {
  const best = test.ruler?.previous_best
  return RECALLS.flatMap(([key, label]) => {
    const value = test[key]
    if (value === null) return []
    const between = spanAt(best?.difference_interval, key)
    return [{ key, label, value, span: spanAt(test.intervals, key), difference: numberAt(best?.difference, key), between, verdict: between && verdictOf(between, best?.seeds_known ?? false) }]
  })
}

/** A difference is one only when its interval, seeds included, leaves out nought. */
export function verdictOf([low, high]: Span, seedsKnown: boolean): string {
  if (!seedsKnown || (low <= 0 && high >= 0)) return 'cannot_tell'
  return low > 0 ? 'better' : 'worse'
}

/** Recall@100 of the test among what it is to be held against, the best first. */
export function rulerOf(test: QuickTest): Measured[] {
  const ruler = test.ruler
  if (!ruler || test.recall_at_100 === null) return []
  const rivals = [
    ['previous_best', 'Previous best', ruler.previous_best],
    ['repeat_purchase', 'Repeat purchase', ruler.repeat_purchase],
    ['popularity', 'Popularity', ruler.popularity],
    ['random', 'Random', ruler.random],
  ] as const
  const measured: Measured[] = [{ key: 'this', label: 'This test', value: test.recall_at_100, span: spanAt(test.intervals, 'recall_at_100') }]
  for (const [key, label, recall] of rivals)
    if (recall) measured.push({ key, label, value: recall.recall_at_100, span: 'interval' in recall ? spanAt(recall.interval, 'recall_at_100') : null })
  return measured.sort((a, b) => b.value - a.value)
}

export const slicesOf = (test: QuickTest): Slice[] =>
  Object.entries(test.slices ?? {}).flatMap(([key, slice]) => {
    const value = numberAt(slice, 'recall_at_100')
    if (value === null) return []
    const { interval, popularity } = slice as { interval: unknown; popularity: unknown }
    return [{ key, label: SLICES[key] ?? key, value, span: spanAt(interval, 'recall_at_100'), rows: numberAt(slice, 'rows') ?? 0, popularity: numberAt(popularity, 'recall_at_100') }]
  })

export function headlineOf(test: QuickTest): string {
  if (test.verdict) return HEADLINES[test.verdict] ?? test.verdict
  return `Recall@100 is ${test.recall_at_100 === null ? 'not known' : percent(test.recall_at_100)}: the first test of its kind, so nothing to hold it against`
}

/** What the verdict leaves out: other metrics that went the other way, and baselines that it does not reach. */
export function exceptionsOf(test: QuickTest): string[] {
  const worse = test.verdict === 'worse' ? [] : metricsOf(test).filter((metric) => metric.verdict === 'worse')
  const above = rulerOf(test).filter((rival) => ['popularity', 'repeat_purchase'].includes(rival.key) && rival.value > (test.recall_at_100 ?? 0))
  return [
    ...worse.map((metric) => `Worse at ${metric.label.toLowerCase()}.`),
    ...above.map((rival) => `${rival.label} alone reaches ${percent(rival.value)}.`),
  ]
}
