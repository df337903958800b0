/** Dragging: nothing but the draft moves, the DOM stays Vue's. v-drag on what is taken, v-drop on where it may go. */
import { draggable, dropTargetForElements } from '@atlaskit/pragmatic-drag-and-drop/element/adapter'
import { setCustomNativeDragPreview } from '@atlaskit/pragmatic-drag-and-drop/element/set-custom-native-drag-preview'
import { attachClosestEdge, extractClosestEdge } from '@atlaskit/pragmatic-drag-and-drop-hitbox/closest-edge'
import type { Directive } from 'vue'
import type { Tower } from '@/model/lists'

export interface Dragged {
  column: string
  from?: Tower
}

export interface Target {
  /** where in the tower; the whole tower has none */
  place?: number
  take: (dragged: Dragged, place: number | undefined) => void
}

const held = new WeakMap<HTMLElement, Dragged>()
const targets = new WeakMap<HTMLElement, Target>()
const dragEnds = new WeakMap<HTMLElement, () => void>()
const dropEnds = new WeakMap<HTMLElement, () => void>() // one element may be both

export const vDrag: Directive<HTMLElement, Dragged> = {
  mounted(element, { value }) {
    held.set(element, value)
    const end = draggable({
      element,
      getInitialData: () => ({ ...held.get(element) }),
      onGenerateDragPreview: ({ nativeSetDragImage }) => {
        setCustomNativeDragPreview({ nativeSetDragImage, render: ({ container }) => container.append(preview(element)) })
      },
      onDragStart: () => (element.dataset.dragging = ''),
      onDrop: () => delete element.dataset.dragging,
    })
    dragEnds.set(element, end)
  },
  updated: (element, { value }) => void held.set(element, value),
  unmounted: (element) => dragEnds.get(element)?.(),
}

function preview(element: HTMLElement): HTMLElement {
  const shown = document.createElement('div')
  shown.className = 'drag-preview'
  shown.textContent = held.get(element)?.column ?? ''
  return shown
}

export const vDrop: Directive<HTMLElement, Target> = {
  mounted(element, { value }) {
    targets.set(element, value)
    const clear = () => {
      delete element.dataset.over
      delete element.dataset.edge
    }
    const end = dropTargetForElements({
      element,
      getData: ({ input }) =>
        value.place === undefined ? {} : attachClosestEdge({}, { input, element, allowedEdges: ['top', 'bottom'] }),
      onDrag: ({ self, location }) => {
        clear()
        if (location.current.dropTargets[0]?.element !== element) return
        if (value.place === undefined) element.dataset.over = ''
        else element.dataset.edge = extractClosestEdge(self.data) ?? ''
      },
      onDragLeave: clear,
      onDrop: ({ self, source, location }) => {
        clear()
        const target = targets.get(element)
        if (!target || location.current.dropTargets[0]?.element !== element) return
        const below = extractClosestEdge(self.data) === 'bottom' ? 1 : 0
        target.take(source.data as unknown as Dragged, target.place === undefined ? undefined : target.place + below)
      },
    })
    dropEnds.set(element, end)
  },
  updated: (element, { value }) => void targets.set(element, value),
  unmounted: (element) => dropEnds.get(element)?.(),
}
