/** The list of a dataset's configs as the address asks for it, page by page. */
import { useInfiniteQuery } from '@tanstack/vue-query'
import { computed, type ComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { answered, api, type Schema } from '@/api/client'
import { keys } from '@/api/queries'

export type ConfigLine = Schema['ConfigLine']
export const STATUSES = ['draft', 'tested', 'promoted', 'archived'] as const
export const SORTS = {
  '-best_recall_at_100': 'Best recall@100',
  '-recall_lower': 'Lower end of the interval',
  '-updated_at': 'Last changed',
  name: 'Name',
} as const
export type Status = (typeof STATUSES)[number]
export type Sort = keyof typeof SORTS
const PAGE_SIZE = 100
const DEFAULT_SORT: Sort = '-best_recall_at_100'

export function useAsked() {
  const route = useRoute()
  const router = useRouter()
  /** What stands at its default is left out of the address. */
  function asked<T extends string>(name: string, otherwise: T) {
    return computed<T>({
      get: () => (route.query[name] as T | undefined) ?? otherwise,
      set: (value) => void router.replace({ query: { ...route.query, [name]: value === otherwise ? undefined : value } }),
    })
  }
  return { q: asked<string>('q', ''), status: asked<Status | ''>('status', ''), sort: asked<Sort>('sort', DEFAULT_SORT), ticked: asked<string>('ticked', '') }
}

export function useConfigList(dataset: ComputedRef<string>, q: ComputedRef<string>, status: ComputedRef<string>, sort: ComputedRef<Sort>) {
  const query = useInfiniteQuery({
    queryKey: computed(() => [...keys.configs(dataset.value), { q: q.value, status: status.value, sort: sort.value }]),
    queryFn: ({ pageParam }) =>
      answered(
        api.GET('/api/datasets/{dataset_id}/feature-configs/', {
          params: {
            path: { dataset_id: dataset.value },
            query: {
              limit: PAGE_SIZE,
              sort: sort.value,
              ...(q.value && { q: q.value }),
              ...(status.value && { status: status.value as Status }),
              ...(pageParam && { cursor: pageParam }),
            },
          },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    placeholderData: (before) => before,
    refetchInterval: (held) => (held.state.data?.pages.some((page) => page.items.some((one) => one.quick_tests.running > 0)) ? 5000 : false),
  })
  const rows = computed(() => query.data.value?.pages.flatMap((page) => page.items) ?? [])
  const count = computed(() => query.data.value?.pages[0]?.total ?? rows.value.length)
  return { ...query, rows, count }
}
