/** A feature's settings by JSON pointer, as the transforms' metadata names them. */
import type { Schema } from '@/api/client'
import type { Feature } from './lists'

export type FeatureType = Schema['FeatureType']
export type Transform = Schema['Transform']
export type Parameter = Schema['Parameter']

const partsOf = (path: string): string[] => path.split('/').slice(1)

/** What the feature says, undefined where it says nothing. */
export function said(feature: Feature, path: string): unknown {
  let at: unknown = feature
  for (const part of partsOf(path)) at = isObject(at) ? at[part] : undefined
  return at
}

/** What holds: what the feature says, else the parameter's default. */
export const valueOf = (feature: Feature, parameter: Parameter): unknown => said(feature, parameter.path) ?? parameter.default

/** The feature with `value` at `path`; the given one stays as it is. */
export function withValue(feature: Feature, path: string, value: unknown): Feature {
  return placed(feature, partsOf(path), value) as Feature
}

function placed(at: unknown, [part, ...rest]: string[], value: unknown): unknown {
  if (part === undefined) return value
  const held = isObject(at) ? at : {}
  return { ...held, [part]: placed(held[part], rest, value) }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const typeOf = (types: readonly FeatureType[], feature: Feature): FeatureType | undefined =>
  types.find((type) => type.type === feature.type)

/** The switch that turns the transform on, where it has one. */
export function switchOf(transform: Transform): Parameter | undefined {
  const path = transform.width?.enabled_by
  if (path) return transform.parameters.find((parameter) => parameter.path === path)
  const [only] = transform.parameters
  return transform.prepares && transform.parameters.length === 1 && only?.type === 'boolean' ? only : undefined
}

/** Feature types that a column of this type can be given. */
export const fitting = (types: readonly FeatureType[], columnType: string): FeatureType[] =>
  types.filter((type) => type.applies_to.includes(columnType))
