/** What has just happened: said to screen readers, shown as a toast, undone from there. */
import { reactive } from 'vue'

export const TOAST_MILLISECONDS = 6000

interface Toast {
  text: string
  action?: { label: string; run: () => void } | undefined
}

export const announcements = reactive<{ live: string; toast: Toast | null }>({ live: '', toast: null })
let hiding = 0

/** Say `text`; it is read out even when it was the last thing said. */
export function say(text: string): void {
  announcements.live = ''
  requestAnimationFrame(() => (announcements.live = text))
}

/** Say `text` and show it, with a way back where there is one. */
export function toast(text: string, action?: Toast['action']): void {
  say(text)
  announcements.toast = { text, action }
  keep()
}

export function dismiss(): void {
  announcements.toast = null
}

/** Start the time of the toast anew: it stays while somebody is at it. */
export function keep(held = false): void {
  window.clearTimeout(hiding)
  if (!held) hiding = window.setTimeout(dismiss, TOAST_MILLISECONDS)
}
