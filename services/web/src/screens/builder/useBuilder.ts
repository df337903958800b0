/** What every pane of the builder shares: the draft, what is known of the columns, and the moves with their words. */
import { computed, inject, provide, ref, type ComputedRef, type InjectionKey, type Ref } from 'vue'
import type { Schema } from '@/api/client'
import { beginning } from '@/model/beginning'
import { draftOf, type Draft } from '@/model/draft'
import { added, crossesWith, moved, removed, replaced, withCross, withoutCross } from '@/model/edits'
import { crossesOf, crossName, factsOf, featureIn, featuresOf, other, type Cross, type Feature, type Lists, type Tower } from '@/model/lists'
import type { FeatureType } from '@/model/settings'
import { say, toast } from '@/shell/announcements'

export type Column = Schema['Column']

interface Known {
  dataset: string
  columns: Column[]
  types: FeatureType[]
  defaults: Lists
}

export interface Builder extends Known {
  draft: Draft
  lists: ComputedRef<Lists>
  /** the output that is pointed at, in any pane */
  hovered: Ref<string>
  column: (name: string) => Column | undefined
  has: (tower: Tower, column: string) => boolean
  add: (column: string, tower: Tower, at?: number) => void
  remove: (column: string, tower: Tower) => void
  move: (column: string, from: Tower, to: Tower, at?: number) => void
  step: (column: string, tower: Tower, by: 1 | -1) => void
  configure: (tower: Tower, feature: Feature) => void
  cross: (tower: Tower, cross: Cross) => void
  uncross: (tower: Tower, place: number) => void
  replaceAll: (label: string, lists: Lists) => void
  undo: () => void
  redo: () => void
}

const KEY: InjectionKey<Builder> = Symbol('builder')

export function provideBuilder(known: Known, start: Lists): Builder {
  const draft = draftOf(start)
  const lists = computed(() => draft.lists.value)
  const has = (tower: Tower, column: string) => featureIn(lists.value, tower, column) !== undefined
  const nameOf = (tower: Tower) => factsOf(tower).name

  function commit(label: string, after: Lists): void {
    if (draft.commit(label, after)) toast(label, { label: 'Undo', run: undo })
  }
  function undo(): void {
    const label = draft.undo()
    if (label) say(`Undid: ${label}`)
  }
  function redo(): void {
    const label = draft.redo()
    if (label) say(`Redid: ${label}`)
  }
  function add(column: string, tower: Tower, at?: number): void {
    const facts = known.columns.find((one) => one.name === column)
    const feature = facts && beginning(facts, known.types, known.defaults)
    if (has(tower, column)) say(`${column} is already in ${nameOf(tower)}`)
    else if (feature) commit(`Added ${column} to ${nameOf(tower)}${has(other(tower), column) ? '. It is now in both models' : ''}`, added(lists.value, tower, feature, at))
  }
  function remove(column: string, tower: Tower): void {
    const crosses = crossesWith(lists.value, tower, column)
    const along = crosses ? ` and ${crosses} ${crosses === 1 ? 'cross' : 'crosses'} that used it` : ''
    commit(`Removed ${column} from ${nameOf(tower)}${along}`, removed(lists.value, tower, column))
  }
  function move(column: string, from: Tower, to: Tower, at?: number): void {
    if (from !== to && has(to, column)) say(`${column} is already in ${nameOf(to)}`)
    else commit(from === to ? `Moved ${column} in ${nameOf(to)}` : `Moved ${column} to ${nameOf(to)}`, moved(lists.value, column, from, to, at))
  }
  function step(column: string, tower: Tower, by: 1 | -1): void {
    const place = featuresOf(lists.value, tower).findIndex((feature) => feature.column === column)
    const target = place + (by === 1 ? 2 : -1)
    if (target >= 0) commit(`Moved ${column} ${by === 1 ? 'down' : 'up'}`, moved(lists.value, column, tower, tower, target))
  }

  const builder: Builder = {
    ...known,
    draft,
    lists,
    hovered: ref(''),
    column: (name) => known.columns.find((one) => one.name === name),
    has,
    add,
    remove,
    move,
    step,
    configure: (tower, feature) => commit(`Changed ${feature.column} in ${nameOf(tower)}`, replaced(lists.value, tower, feature)),
    cross: (tower, cross) => commit(`Added cross ${crossName(cross)} to ${nameOf(tower)}`, withCross(lists.value, tower, cross)),
    uncross: (tower, place) => {
      const cross = crossesOf(lists.value, tower)[place]
      if (cross) commit(`Removed cross ${crossName(cross)} from ${nameOf(tower)}`, withoutCross(lists.value, tower, place))
    },
    replaceAll: commit,
    undo,
    redo,
  }
  provide(KEY, builder)
  return builder
}

export function useBuilder(): Builder {
  const builder = inject(KEY)
  if (!builder) throw new Error('a pane of the builder outside of it')
  return builder
}
