/** A quick test as it goes on: by server-sent events, by asking every few seconds where those do not come through. */
import { useQueryClient } from '@tanstack/vue-query'
import { onBeforeUnmount, onMounted, ref } from 'vue'
import { answered, api, type Schema } from './client'
import { keys } from './queries'

export type QuickTest = Schema['QuickTest']
const POLL_MILLISECONDS = 5000
const FAILURES_BEFORE_POLLING = 2
const FINAL = new Set(['completed', 'failed', 'cancelled'])

export const isFinal = (test: QuickTest): boolean => FINAL.has(test.status)
export const readTest = (id: string): Promise<QuickTest> =>
  answered(api.GET('/api/quick-tests/{test_id}/', { params: { path: { test_id: id } } }))

/** The test, kept up to date while the page is looked at; `finished` is called once, when its end is seen. */
export function useFollowed(id: string, finished: (test: QuickTest) => void) {
  const client = useQueryClient()
  const test = ref<QuickTest>()
  const error = ref<unknown>(null)
  let stream: EventSource | null = null
  let polling = 0
  let failures = 0
  let watched = false

  function take(seen: QuickTest): void {
    test.value = seen
    error.value = null
    if (!isFinal(seen)) {
      watched = true
      return
    }
    stop()
    if (!watched) return
    watched = false
    void client.invalidateQueries({ queryKey: keys.datasets })
    finished(seen)
  }
  function stop(): void {
    stream?.close()
    window.clearTimeout(polling)
    stream = null
  }
  function listen(): void {
    stream = new EventSource(`/api/quick-tests/${id}/events/`)
    stream.addEventListener('quick-test', (event) => {
      failures = 0
      take(JSON.parse((event as MessageEvent<string>).data) as QuickTest)
    })
    stream.addEventListener('error', () => {
      failures += 1
      if (failures < FAILURES_BEFORE_POLLING && stream?.readyState !== EventSource.CLOSED) return
      stop()
      void poll()
    })
  }
  async function poll(): Promise<void> {
    try {
      take(await readTest(id))
    } catch (problem) {
      error.value = problem
    }
    if ((!test.value || !isFinal(test.value)) && !document.hidden) polling = window.setTimeout(() => void poll(), POLL_MILLISECONDS)
  }
  async function begin(): Promise<void> {
    stop()
    try {
      take(await readTest(id))
    } catch (problem) {
      error.value = problem
      return
    }
    if (test.value && !isFinal(test.value)) listen()
  }
  function look(): void {
    if (document.hidden) stop()
    else if (!test.value || !isFinal(test.value)) void begin()
  }
  onMounted(() => {
    document.addEventListener('visibilitychange', look)
    void begin()
  })
  onBeforeUnmount(() => {
    document.removeEventListener('visibilitychange', look)
    stop()
  })
  return { test, error, again: begin }
}
