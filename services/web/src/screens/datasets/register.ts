/** The registration of a dataset: its source is brought first where it is a file of the person's own. */
import { answered, api, type Schema } from '@/api/client'

export type Origin = 'upload' | 'file' | 'bigquery'
export type Registered = Schema['Dataset'] | Schema['Registration']

export const ORIGINS: { id: Origin; label: string; about: string }[] = [
  { id: 'upload', label: 'Upload a file', about: 'Parquet, CSV or TSV from this computer.' },
  { id: 'file', label: 'Path of a file', about: 'One that the server can read already.' },
  { id: 'bigquery', label: 'BigQuery table', about: 'Copied once; the table stays as it is.' },
]

export const register = (name: string, timeZone: string, origin: Origin, uri: string): Promise<Registered> =>
  answered(
    api.POST('/api/datasets/', {
      body: { name, time_zone: timeZone, source: { kind: origin === 'bigquery' ? 'bigquery' : 'file', uri } },
    }),
  )

/** A large dataset is not there yet: its registration goes on. */
export const goesOn = (registered: Registered): registered is Schema['Registration'] => 'step' in registered
