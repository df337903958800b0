import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { reactive } from 'vue'
import { beginning } from '@/model/beginning'
import { breakdown, total } from '@/model/dimensions'
import { draftOf } from '@/model/draft'
import { added, moved, removed, replaced, withCross } from '@/model/edits'
import { blank, crossesOf, featuresOf, other, type Feature, type Lists, type Tower } from '@/model/lists'
import { withValue, type FeatureType } from '@/model/settings'
import fixture from './dimensions.json'

const types = fixture.types as unknown as FeatureType[]
const cases = fixture.cases as unknown as { lists: Lists; buyer: [string, number][]; product: [string, number][] }[]
const tower = fc.constantFrom<Tower>('buyer', 'product')
const column = fc.constantFrom('city', 'price', 'price_bucket', 'day', '__proto__', '<b>"\u202e')

const feature = (name: string): Feature => ({ column: name, type: 'string_embedding' })
const columnsOf = (lists: Lists, of: Tower) => featuresOf(lists, of).map((one) => one.column)

describe('dimensions', () => {
  it.each(cases)('are those that Python computes', ({ lists, buyer, product }) => {
    for (const [of, expected] of [['buyer', buyer], ['product', product]] as const)
      expect(breakdown(lists, of, types).map((part) => [part.name, part.dim])).toEqual(expected)
  })

  it('change by what a setting changes, and by nothing else', () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: 256 }), (dim) => {
        const lists = added(blank(), 'buyer', withValue(feature('city'), '/embedding_dim', dim))
        expect(total(breakdown(lists, 'buyer', types))).toBe(dim)
        expect(total(breakdown(lists, 'product', types))).toBe(0)
      }),
    )
  })
})

describe('edits', () => {
  const some = fc.uniqueArray(column, { minLength: 1 }).map((names) =>
    names.reduce((lists, name) => added(lists, 'buyer', feature(name)), blank()),
  )

  it('move a feature within a tower and lose none', () => {
    fc.assert(
      fc.property(some, fc.nat(6), fc.nat(6), (lists, pick, at) => {
        const names = columnsOf(lists, 'buyer')
        const name = names[pick % names.length] ?? ''
        const after = columnsOf(moved(lists, name, 'buyer', 'buyer', at), 'buyer')
        expect([...after].sort()).toEqual([...names].sort())
        expect(after.filter((one) => one !== name)).toEqual(names.filter((one) => one !== name))
      }),
    )
  })

  it('take the crosses of a removed feature along, and no others', () => {
    const start = ['price', 'price_bucket', 'city'].reduce((lists, name) => added(lists, 'buyer', feature(name)), blank())
    const crossed = withCross(start, 'buyer', { features: ['price_bucket', 'city'], hash_bucket_size: 1000, embedding_dim: 16 })
    expect(crossesOf(removed(crossed, 'buyer', 'price'), 'buyer')).toHaveLength(1)
    expect(crossesOf(removed(crossed, 'buyer', 'price_bucket'), 'buyer')).toHaveLength(0)
    expect(crossesOf(removed(crossed, 'buyer', 'city'), 'buyer')).toHaveLength(0)
  })

  it('never change the lists that they are given', () => {
    const lists = added(blank(), 'buyer', feature('city'))
    const before = structuredClone(lists)
    removed(lists, 'buyer', 'city')
    replaced(lists, 'buyer', withValue(feature('city'), '/vocab_settings/max_size', 5))
    expect(lists).toEqual(before)
  })
})

describe('a draft', () => {
  it('goes back through all its steps and forth again, whatever they were', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(column, tower)), (steps) => {
        const draft = draftOf(blank())
        const seen = [draft.lists.value]
        for (const [name, to] of steps) {
          const there = columnsOf(draft.lists.value, to).includes(name)
          const after = there ? moved(draft.lists.value, name, to, other(to)) : added(draft.lists.value, to, feature(name))
          if (draft.commit(name, after)) seen.push(draft.lists.value)
        }
        for (const lists of seen.toReversed().slice(1)) {
          draft.undo()
          expect(draft.lists.value).toEqual(lists)
        }
        expect(draft.dirty.value).toBe(false)
        for (const lists of seen.slice(1)) {
          draft.redo()
          expect(draft.lists.value).toEqual(lists)
        }
      }),
    )
  })
})

describe('what a column begins with', () => {
  it('is what the smart defaults give it, as a screen holds them', () => {
    const defaults = reactive(added(blank(), 'product', withValue(feature('city'), '/embedding_dim', 8)))
    expect(beginning({ name: 'city', type: 'STRING' }, types, defaults)).toEqual({ ...feature('city'), embedding_dim: 8 })
  })

  it.each(['STRING', 'INTEGER', 'FLOAT', 'TIMESTAMP', 'DATE', 'BOOLEAN'])('adds a dimension: %s', (type) => {
    const begun = beginning({ name: 'x', type }, types, undefined)
    expect(begun && total(breakdown(added(blank(), 'buyer', begun), 'buyer', types))).toBeGreaterThan(0)
  })
})
