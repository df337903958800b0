/** What each column is in a purchase: as the API has it, with the person's edits laid over it until they are saved. */
import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, ref, shallowRef } from 'vue'
import { api, tagged } from '@/api/client'
import { ApiError, faultsAt } from '@/api/problems'
import { keys } from '@/api/queries'
import { toast } from '@/shell/announcements'

export const AVAILABILITIES = {
  before_request: 'Before the request',
  at_request: 'At the request',
  after_request: 'Only after the purchase',
} as const
export const ROLES = ['customer_id', 'product_id', 'transaction_date', 'revenue', 'quantity', 'category', 'subcategory'] as const
export type Availability = keyof typeof AVAILABILITIES

export interface Part {
  role: string | null
  availability: Availability
  /** why it is guessed; '' once a person has said it */
  reason: string
}

const pointerOf = (column: string) => `/${column.replaceAll('~', '~0').replaceAll('/', '~1')}`

export function useRoles(dataset: string) {
  const client = useQueryClient()
  const path = { dataset_id: dataset }
  const query = useQuery({
    queryKey: keys.mapping(dataset),
    queryFn: () => tagged(api.GET('/api/datasets/{dataset_id}/column-mapping/', { params: { path } })),
  })
  const edits = ref(new Map<string, Part>())
  const error = shallowRef<unknown>(null)
  const saving = ref(false)
  const partOf = (column: string): Part | undefined => edits.value.get(column) ?? query.data.value?.data[column]
  const changed = computed(() => edits.value.size)

  function edit(column: string, change: Partial<Part>): void {
    const held = partOf(column)
    if (!held) return
    const part = { ...held, ...change, reason: '' }
    const before = query.data.value?.data[column]
    if (before?.role === part.role && before.availability === part.availability) edits.value.delete(column)
    else edits.value.set(column, part)
  }
  async function save(): Promise<void> {
    const base = query.data.value
    if (!base || saving.value) return
    saving.value = true
    error.value = null
    try {
      const body = { ...base.data, ...Object.fromEntries(edits.value) }
      const params = { path, header: { 'If-Match': base.etag } }
      await tagged(api.PUT('/api/datasets/{dataset_id}/column-mapping/', { params, body }))
      edits.value.clear()
      toast('Saved the roles')
      await client.invalidateQueries({ queryKey: keys.dataset(dataset) })
    } catch (problem) {
      error.value = problem
      if (problem instanceof ApiError && problem.isConflict) await query.refetch()
    } finally {
      saving.value = false
    }
  }
  const faultOf = (column: string) => faultsAt(error.value, pointerOf(column)).map((fault) => `${fault.message}. ${fault.remedy}`).join(' ')
  return { query, partOf, edit, changed, discard: () => edits.value.clear(), save, saving, error, faultOf }
}
