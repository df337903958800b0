/** A file on its way to the API, with how much of it has gone: fetch cannot tell that, XMLHttpRequest can. */
import { problemOf, Unreachable } from '@/api/problems'
import type { Schema } from '@/api/client'

const KINDS: Record<string, string> = {
  csv: 'text/csv',
  tsv: 'text/tab-separated-values',
  parquet: 'application/vnd.apache.parquet',
}
export const ACCEPTED = Object.keys(KINDS).map((ending) => `.${ending}`)

export interface Sending {
  uploaded: Promise<Schema['Upload']>
  cancel: () => void
}

/** The media type of a file by its name, undefined where the API takes no such file. */
export const kindOf = (name: string): string | undefined => KINDS[name.split('.').at(-1)?.toLowerCase() ?? '']

/** Send the file; `told` hears the share that has gone. Rejects with ApiError, Unreachable, or Cancelled. */
export function send(file: File, kind: string, told: (share: number) => void): Sending {
  const request = new XMLHttpRequest()
  const uploaded = new Promise<Schema['Upload']>((resolve, reject) => {
    request.open('POST', '/api/uploads/')
    request.setRequestHeader('Content-Type', kind)
    request.responseType = 'json'
    request.upload.onprogress = ({ loaded, total }) => told(total ? loaded / total : 0)
    request.onload = () => {
      if (request.status === 201) resolve(request.response as Schema['Upload'])
      else reject(problemOf(request.status, request.response))
    }
    request.onerror = () => reject(new Unreachable(request.status))
    request.onabort = () => reject(new Cancelled())
    request.send(file)
  })
  return { uploaded, cancel: () => request.abort() }
}

/** The person has called it off. */
export class Cancelled extends Error {}
