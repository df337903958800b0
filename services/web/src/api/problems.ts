/** What can go wrong between the page and the API, as values that a screen can show. */
import type { components } from './schema'

export type Fault = components['schemas']['Fault']

/** An answer of the API that is no success; `faults` has one line per fault, each with where it is. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly faults: Fault[],
    readonly correlationId: string,
  ) {
    super(message)
  }

  get isConflict(): boolean {
    return this.status === 412
  }
}

/** No answer at all. */
export class Unreachable extends Error {
  constructor(cause: unknown) {
    super('Towerlab does not answer', { cause })
  }
}

/** The error of a problem JSON body, or of whatever else a proxy may have sent instead. */
export function problemOf(status: number, body: unknown): ApiError {
  const told = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
  const detail = typeof told.detail === 'string' ? told.detail : `The server answered ${status}`
  const faults = Array.isArray(told.errors) ? (told.errors as Fault[]) : []
  return new ApiError(status, detail, faults, typeof told.correlation_id === 'string' ? told.correlation_id : '')
}

/** The faults of `error` at `pointer` or below it. */
export function faultsAt(error: unknown, pointer: string): Fault[] {
  if (!(error instanceof ApiError)) return []
  return error.faults.filter((fault) => fault.pointer === pointer || fault.pointer.startsWith(`${pointer}/`))
}

/** One sentence and what to do, for any error. */
export function told(error: unknown): { message: string; remedy: string } {
  if (error instanceof ApiError) {
    const [first] = error.faults
    return { message: first?.message ?? error.message, remedy: first?.remedy ?? '' }
  }
  if (error instanceof Unreachable) return { message: error.message, remedy: 'Check the connection, then try again.' }
  return { message: error instanceof Error ? error.message : String(error), remedy: '' }
}
