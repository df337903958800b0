/** Shares, differences of shares and their intervals as people read them. */
import type { Span } from '@/model/axis'
import { percent } from './numbers'

const points = (share: number): string => (share * 100).toFixed(1)

/** 0.012 is +1.2 pp. */
export const difference = (share: number): string => `${signed(share)} pp`
/** '46.2 – 48.4%'. */
export const spanOf = ([low, high]: Span): string => `${points(low)} – ${percent(high)}`
/** '−0.9 to +1.6 pp'. */
export const differenceSpan = ([low, high]: Span): string => `${signed(low)} to ${signed(high)} pp`
/** '± 1.1', in points. */
export const halfOf = ([low, high]: Span): string => `± ${points((high - low) / 2)}`

function signed(share: number): string {
  const text = points(Math.abs(share))
  return text === '0.0' ? text : `${share < 0 ? '−' : '+'}${text}`
}
