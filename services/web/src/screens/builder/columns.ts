/** A column in one statistic. */
import { counted, measure, short } from '@/format/numbers'
import { utcTime } from '@/format/times'
import type { Column } from './useBuilder'

const DAY_SECONDS = 86_400
const isTime = (column: Column) => column.type === 'TIMESTAMP' || column.type === 'DATE'

export function statisticOf(column: Column): string {
  const [low, high] = [column.min, column.max]
  if (typeof low === 'number' && typeof high === 'number') {
    if (isTime(column)) return counted(Math.round((high - low) / DAY_SECONDS), 'day')
    if (column.type === 'FLOAT') return `${short(low)} to ${short(high)}`
  }
  return `${short(column.unique_count)} unique`
}

/** Label and value of what is known of the column. */
export function factsOf(column: Column): [string, string][] {
  const numbers: [string, number | null][] = isTime(column) ? [] : [['Mean', column.mean], ['Median', column.median], ['Std', column.std]]
  const known = numbers.filter((entry): entry is [string, number] => entry[1] !== null).map(([label, value]): [string, string] => [label, measure(value)])
  const shown = (value: number) => (isTime(column) ? utcTime(new Date(value * 1000).toISOString()) : measure(value))
  const range: [string, string][] = typeof column.min === 'number' && typeof column.max === 'number' ? [['Range', `${shown(column.min)} to ${shown(column.max)}`]] : []
  return [['Type', column.type], ['Unique values', `${column.exact ? '' : 'about '}${short(column.unique_count)}`], ...range, ...known]
}
