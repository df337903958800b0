/** What the API makes of the draft: faults, warnings, a real purchase; asked a moment after the last edit. */
import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed, ref, watch, type Ref } from 'vue'
import { answered, api } from '@/api/client'
import type { Lists } from '@/model/lists'

const SETTLED_MILLISECONDS = 250

export function usePreview(dataset: string, lists: Ref<Lists>) {
  const settled = ref(lists.value)
  let waiting = 0
  watch(lists, (now) => {
    window.clearTimeout(waiting)
    waiting = window.setTimeout(() => (settled.value = now), SETTLED_MILLISECONDS)
  })
  return useQuery({
    queryKey: computed(() => ['preview', dataset, settled.value]),
    queryFn: () =>
      answered(api.POST('/api/datasets/{dataset_id}/preview/', { params: { path: { dataset_id: dataset } }, body: { ...settled.value } as never })),
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  })
}
