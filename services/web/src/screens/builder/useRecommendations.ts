/** How wide an embedding of each column should be, and why. */
import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { answered, api } from '@/api/client'

export function useRecommendations(dataset: string) {
  const { data } = useQuery({
    queryKey: ['recommendations', dataset],
    queryFn: () => answered(api.GET('/api/datasets/{dataset_id}/embedding-recommendations/', { params: { path: { dataset_id: dataset } } })),
    staleTime: Infinity,
  })
  return computed(() => new Map(data.value?.items.map((item) => [item.column, item])))
}
