/** A feature in a few plain words, from its transforms' metadata. */
import { dimension } from '@/format/numbers'
import { widthOf } from './dimensions'
import type { Feature } from './lists'
import { switchOf, typeOf, valueOf, type FeatureType, type Transform } from './settings'

export function summaryOf(feature: Feature, types: readonly FeatureType[]): string {
  const words = (typeOf(types, feature)?.transforms ?? []).map((transform) => wordsOf(transform, feature)).filter(Boolean)
  return words.length ? words.join(' · ') : 'Adds nothing: turn something on'
}

function wordsOf(transform: Transform, feature: Feature): string {
  if (transform.prepares) {
    const turned = switchOf(transform)
    return turned && valueOf(feature, turned) ? transform.label : ''
  }
  const width = widthOf(transform, feature)
  return width > 0 ? `${chosen(transform, feature) || transform.label} → ${dimension(width)}` : ''
}

/** Of a transform made of switches alone, those that are on: 'Cyclical: weekly, daily'. */
function chosen(transform: Transform, feature: Feature): string {
  const switches = transform.parameters.filter((parameter) => parameter.type === 'boolean')
  if (switches.length < 2 || switches.length !== transform.parameters.length) return ''
  const on = switches.filter((parameter) => valueOf(feature, parameter))
  return `${transform.label}: ${on.map((parameter) => parameter.name).join(', ')}`
}
