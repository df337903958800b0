/** What can be done with a config from a list: each says what happened and offers the way back where there is one. */
import { useQueryClient } from '@tanstack/vue-query'
import { useRouter } from 'vue-router'
import { answered, api, done } from '@/api/client'
import { told } from '@/api/problems'
import { keys } from '@/api/queries'
import { toast } from '@/shell/announcements'
import type { ConfigLine } from './useConfigList'

export interface Action {
  label: string
  run: (config: ConfigLine) => Promise<unknown>
}

const path = (config: ConfigLine) => ({ params: { path: { config_id: config.id } } })

export function useConfigActions(): Record<string, Action> {
  const client = useQueryClient()
  const router = useRouter()

  async function changed(config: ConfigLine, act: () => Promise<unknown>, text: string, undo?: () => Promise<unknown>): Promise<void> {
    try {
      await act()
    } catch (error) {
      const { message, remedy } = told(error)
      toast(`${config.name}: ${message}. ${remedy}`)
      return
    }
    await client.invalidateQueries({ queryKey: keys.configs(config.dataset) })
    toast(text, undo && { label: 'Undo', run: () => void changed(config, undo, `Restored ${config.name}`) })
  }

  const restore = (config: ConfigLine) => answered(api.POST('/api/feature-configs/{config_id}/restore/', path(config)))
  return {
    edit: { label: 'Edit', run: (config) => router.push({ name: 'edit-config', params: { config: config.id } }) },
    clone: {
      label: 'Clone',
      run: (config) =>
        changed(config, () => answered(api.POST('/api/feature-configs/{config_id}/clone/', { ...path(config), body: { name: null } })), `Cloned ${config.name}`),
    },
    promote: {
      label: 'Promote',
      run: (config) => changed(config, () => answered(api.POST('/api/feature-configs/{config_id}/promote/', path(config))), `Promoted ${config.name}`),
    },
    archive: {
      label: 'Archive',
      run: (config) =>
        changed(config, () => answered(api.POST('/api/feature-configs/{config_id}/archive/', path(config))), `Archived ${config.name}`, () => restore(config)),
    },
    restore: { label: 'Restore', run: (config) => changed(config, () => restore(config), `Restored ${config.name}`) },
    delete: {
      label: 'Delete',
      run: (config) =>
        changed(
          config,
          () => done(api.DELETE('/api/feature-configs/{config_id}/', { params: { ...path(config).params, header: { 'If-Match': config.etag } } })),
          `Deleted ${config.name}`,
          () => restore(config),
        ),
    },
  }
}
