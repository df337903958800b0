/** What the page itself can say of a setting before the API has judged it: ranges alone. */
import type { Feature } from '@/model/lists'
import { valueOf, type FeatureType, type Parameter } from '@/model/settings'

export function rangeFault(parameter: Parameter, value: unknown): string {
  if (parameter.type === 'string') return typeof value === 'string' && value.length > 0 ? '' : 'Give a text'
  if (parameter.type !== 'integer') return ''
  const [low, high] = [Number(parameter.minimum), Number(parameter.maximum)]
  return typeof value === 'number' && value >= low && value <= high ? '' : `A whole number from ${low} to ${high}`
}

export const rangeFaults = (feature: Feature, type: FeatureType | undefined): string[] =>
  (type?.transforms ?? [])
    .flatMap((transform) => transform.parameters)
    .map((parameter) => ({ label: parameter.label, fault: rangeFault(parameter, valueOf(feature, parameter)) }))
    .filter(({ fault }) => fault)
    .map(({ label, fault }) => `${label}: ${fault.toLowerCase()}`)
