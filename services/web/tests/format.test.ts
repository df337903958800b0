import { describe, expect, it } from 'vitest'
import { problemOf, faultsAt } from '@/api/problems'
import { dimension, percent, short, whole } from '@/format/numbers'
import { aboutDuration, ago, duration } from '@/format/times'

describe('numbers', () => {
  it('carry a real minus and one decimal of a percent', () => {
    expect([whole(-1234), percent(0.4734), percent(-0.004), short(43521), dimension(64)]).toEqual(['−1,234', '47.3%', '−0.4%', '43.5K', '64D'])
  })
})

describe('times', () => {
  it('are as long ago as people say', () => {
    const now = Date.parse('2026-01-02T12:00:00Z')
    expect(['2026-01-02T11:59:50Z', '2026-01-02T11:59:00Z', '2026-01-02T09:59:00Z', '2025-12-30T12:00:00Z'].map((moment) => ago(moment, now))).toEqual([
      'just now', '1 minute ago', '2 hours ago', '3 days ago',
    ])
  })

  it('are measured exactly and estimated roughly', () => {
    expect([duration(9.6), duration(370), duration(7260), aboutDuration(473), aboutDuration(2)]).toEqual(['10 s', '6 min 10 s', '2 h 1 min', 'about 8 min', 'about 5 s'])
  })
})

describe('problems', () => {
  it('have their faults by pointer, those below included', () => {
    const error = problemOf(422, { detail: 'two', errors: [{ pointer: '/a/1/x' }, { pointer: '/a/10' }] })
    expect(faultsAt(error, '/a/1')).toHaveLength(1)
    expect(faultsAt(error, '/a')).toHaveLength(2)
  })

  it('are told even when a proxy answers with a page', () => {
    expect(problemOf(502, '<html>').message).toBe('The server answered 502')
  })
})
