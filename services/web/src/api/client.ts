/** Typed calls to the API. Every answer that is no success becomes an ApiError, no answer an Unreachable. */
import createClient from 'openapi-fetch'
import { Unreachable, problemOf } from './problems'
import type { components, paths } from './schema'

export type Schema = components['schemas']

export const api = createClient<paths>({ baseUrl: '/', credentials: 'same-origin' })

interface Answer<T> {
  data?: T
  error?: unknown
  response: Response
}

/** What the call gives. Raises ApiError and Unreachable. */
export async function answered<T>(call: Promise<Answer<T>>): Promise<NonNullable<T>> {
  const { data, error, response } = await reached(call)
  if (!response.ok) throw problemOf(response.status, error)
  return data as NonNullable<T>
}

/** The same with the ETag that a later write has to name. */
export async function tagged<T>(call: Promise<Answer<T>>): Promise<{ data: NonNullable<T>; etag: string }> {
  const { response } = await reached(call)
  return { data: await answered(call), etag: response.headers.get('ETag') ?? '' }
}

/** The same for an answer without a body. */
export async function done(call: Promise<Answer<unknown>>): Promise<void> {
  const { error, response } = await reached(call)
  if (!response.ok) throw problemOf(response.status, error)
}

async function reached<T>(call: Promise<Answer<T>>): Promise<Answer<T>> {
  try {
    return await call
  } catch (cause) {
    throw new Unreachable(cause)
  }
}
