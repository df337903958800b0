/** Dimensions while a person edits, from the transforms' metadata: the same sums as the API's, checked on its own. */
import { crossesOf, crossName, featuresOf, type Feature, type Lists, type Tower } from './lists'
import { said, typeOf, type FeatureType, type Transform } from './settings'

export interface Part {
  name: string
  dim: number
  /** null for a cross */
  column: string | null
  suffix: string
}

/** How wide the transform's output is with the feature's settings; 0 where it is off. */
export function widthOf(transform: Transform, feature: Feature): number {
  const { width } = transform
  if (!width) return 0
  const value = (path: string): number => {
    const default_ = transform.parameters.find((parameter) => parameter.path === path)?.default
    return Number(said(feature, path) ?? default_)
  }
  if (width.enabled_by && !value(width.enabled_by)) return 0
  return width.terms.reduce((sum, term) => sum + value(term.path) * term.times, width.constant)
}

export function partsOf(feature: Feature, types: readonly FeatureType[]): Part[] {
  const transforms = typeOf(types, feature)?.transforms ?? []
  return transforms
    .map((transform) => ({
      name: feature.column + transform.suffix,
      dim: widthOf(transform, feature),
      column: feature.column,
      suffix: transform.suffix,
    }))
    .filter((part) => part.dim > 0)
}

export function breakdown(lists: Lists, tower: Tower, types: readonly FeatureType[]): Part[] {
  const crosses = crossesOf(lists, tower).map((cross) => ({
    name: crossName(cross),
    dim: cross.embedding_dim,
    column: null,
    suffix: '',
  }))
  return [...featuresOf(lists, tower).flatMap((feature) => partsOf(feature, types)), ...crosses]
}

export const total = (parts: readonly Part[]): number => parts.reduce((sum, part) => sum + part.dim, 0)

/** What a cross can take of the feature: {name, off}, `off` saying why it cannot just now. */
export function operandsOf(feature: Feature, types: readonly FeatureType[]): { name: string; off: string }[] {
  return (typeOf(types, feature)?.transforms ?? [])
    .filter((transform) => transform.crossable)
    .map((transform) => ({
      name: feature.column + transform.suffix,
      off: widthOf(transform, feature) > 0 ? '' : `turn on ${transform.label.toLowerCase()} first`,
    }))
}
