/** The draft becomes a config, or a new version of one. */
import { answered, api, type Schema } from '@/api/client'
import type { Lists } from '@/model/lists'

export interface About {
  /** '' for one that is not there yet */
  id: string
  name: string
  description: string
  etag: string
  status: string
}

export function saveConfig(dataset: string, about: About, lists: Lists): Promise<Schema['Config']> {
  const body = { name: about.name, description: about.description, ...lists } as never
  return about.id
    ? answered(api.PUT('/api/feature-configs/{config_id}/', { params: { path: { config_id: about.id }, header: { 'If-Match': about.etag } }, body }))
    : answered(api.POST('/api/datasets/{dataset_id}/feature-configs/', { params: { path: { dataset_id: dataset } }, body }))
}
