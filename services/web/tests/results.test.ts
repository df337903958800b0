import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { difference } from '@/format/intervals'
import { verdictOf } from '@/screens/results/figures'

const shares = fc.double({ min: -1, max: 1, noNaN: true })
const spans = fc.tuple(shares, shares).map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b)])

describe('the verdict of a metric', () => {
  it('is one only where the interval leaves out nought', () =>
    fc.assert(fc.property(spans, ([low, high]) => (verdictOf([low, high], true) === 'cannot_tell') === (low <= 0 && high >= 0))))
  it('is none while nothing is known of seeds', () => fc.assert(fc.property(spans, (span) => verdictOf(span, false) === 'cannot_tell')))
  it('turns round with the difference', () => {
    expect([verdictOf([0.01, 0.02], true), verdictOf([-0.02, -0.01], true)]).toEqual(['better', 'worse'])
  })
})

describe('a difference of shares', () => {
  it('has the real minus, and no sign where it rounds to nought', () => {
    expect([0.012, -0.019, -0.0001].map(difference)).toEqual(['+1.2 pp', '−1.9 pp', '0.0 pp'])
  })
})
