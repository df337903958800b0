/** The lists that are being edited, with named steps to undo and redo. */
import { computed, shallowRef, type ComputedRef, type ShallowRef } from 'vue'
import type { Lists } from './lists'

const MOST_STEPS = 100

interface Step {
  label: string
  before: Lists
  after: Lists
}

export interface Draft {
  lists: ShallowRef<Lists>
  dirty: ComputedRef<boolean>
  undoLabel: ComputedRef<string>
  redoLabel: ComputedRef<string>
  /** False when nothing has changed by it. */
  commit: (label: string, after: Lists) => boolean
  undo: () => string
  redo: () => string
  saved: (lists: Lists) => void
}

export function draftOf(start: Lists): Draft {
  const lists = shallowRef(start)
  const clean = shallowRef(JSON.stringify(start))
  const past = shallowRef<Step[]>([])
  const future = shallowRef<Step[]>([])

  function commit(label: string, after: Lists): boolean {
    const before = lists.value
    if (JSON.stringify(before) === JSON.stringify(after)) return false
    past.value = [...past.value.slice(1 - MOST_STEPS), { label, before, after }]
    future.value = []
    lists.value = after
    return true
  }

  function undo(): string {
    const step = past.value.at(-1)
    if (!step) return ''
    past.value = past.value.slice(0, -1)
    future.value = [...future.value, step]
    lists.value = step.before
    return step.label
  }

  function redo(): string {
    const step = future.value.at(-1)
    if (!step) return ''
    future.value = future.value.slice(0, -1)
    past.value = [...past.value, step]
    lists.value = step.after
    return step.label
  }

  return {
    lists,
    dirty: computed(() => JSON.stringify(lists.value) !== clean.value),
    undoLabel: computed(() => past.value.at(-1)?.label ?? ''),
    redoLabel: computed(() => future.value.at(-1)?.label ?? ''),
    commit,
    undo,
    redo,
    saved: (kept) => (clean.value = JSON.stringify(kept)),
  }
}
