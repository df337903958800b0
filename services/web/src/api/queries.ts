/** What screens read, under one key each: a write names the keys that it makes stale. */
import { QueryClient, useQuery } from '@tanstack/vue-query'
import { toValue, type MaybeRefOrGetter } from 'vue'
import { answered, api } from './client'
import { ApiError } from './problems'

export const keys = {
  datasets: ['datasets'] as const,
  dataset: (id: string) => ['datasets', id] as const,
  columns: (id: string) => ['datasets', id, 'columns'] as const,
  mapping: (id: string) => ['datasets', id, 'mapping'] as const,
  rows: (id: string) => ['datasets', id, 'rows'] as const,
  configs: (dataset: string) => ['datasets', dataset, 'configs'] as const,
  config: (id: string) => ['configs', id] as const,
  transforms: ['transforms'] as const,
}

export function queryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        retry: (failures, error) => failures < 2 && !(error instanceof ApiError && error.status < 500),
      },
    },
  })
}

export function useDatasets() {
  return useQuery({
    queryKey: keys.datasets,
    queryFn: () => answered(api.GET('/api/datasets/', { params: { query: { limit: 100 } } })),
  })
}

export function useDataset(id: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: () => keys.dataset(toValue(id)),
    queryFn: () => answered(api.GET('/api/datasets/{dataset_id}/', { params: { path: { dataset_id: toValue(id) } } })),
    enabled: () => toValue(id) !== '',
  })
}

export function useColumns(dataset: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: () => keys.columns(toValue(dataset)),
    queryFn: () =>
      answered(api.GET('/api/datasets/{dataset_id}/columns/', { params: { path: { dataset_id: toValue(dataset) } } })),
    enabled: () => toValue(dataset) !== '',
  })
}

export function useRows(dataset: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: () => keys.rows(toValue(dataset)),
    queryFn: () => answered(api.GET('/api/datasets/{dataset_id}/rows/', { params: { path: { dataset_id: toValue(dataset) } } })),
  })
}

export function useTransforms() {
  return useQuery({
    queryKey: keys.transforms,
    queryFn: () => answered(api.GET('/api/transforms/')),
    staleTime: Infinity,
  })
}

export function useConfig(id: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: () => keys.config(toValue(id)),
    queryFn: () =>
      answered(api.GET('/api/feature-configs/{config_id}/', { params: { path: { config_id: toValue(id) } } })),
    enabled: () => toValue(id) !== '',
  })
}
