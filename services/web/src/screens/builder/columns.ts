/** A column in one statistic. */
import { measure, short } from '@/format/numbers'
import type { Column } from './useBuilder'

const DAY = 86_400_000

export function statisticOf(column: Column): string {
  const [low, high] = [column.min, column.max]
  if (column.type === 'TIMESTAMP' || column.type === 'DATE') {
    const days = Math.round((Date.parse(String(high)) - Date.parse(String(low))) / DAY)
    return Number.isFinite(days) ? `${days} days` : ''
  }
  if (column.type === 'FLOAT' && typeof low === 'number' && typeof high === 'number') return `${short(low)} to ${short(high)}`
  return `${short(column.unique_count)} unique`
}

/** Label and value of what is known of the column. */
export function factsOf(column: Column): [string, string][] {
  const numbers: [string, number | null][] = [['Mean', column.mean], ['Median', column.median], ['Std', column.std]]
  const known = numbers.filter((entry): entry is [string, number] => entry[1] !== null).map(([label, value]): [string, string] => [label, measure(value)])
  const range: [string, string][] = typeof column.min === 'number' && typeof column.max === 'number' ? [['Range', `${measure(column.min)} to ${measure(column.max)}`]] : []
  return [['Type', column.type], ['Unique values', `${column.exact ? '' : 'about '}${short(column.unique_count)}`], ...range, ...known]
}
