/** What a column begins with in a tower: what the smart defaults give it, else the first way that fits its type. */
import { featureIn, TOWERS, type Feature, type Lists } from './lists'
import { fitting, switchOf, withValue, type FeatureType } from './settings'

interface Column {
  name: string
  type: string
}

export function beginning(column: Column, types: readonly FeatureType[], defaults: Lists | undefined): Feature | undefined {
  for (const tower of TOWERS) {
    const known = defaults && featureIn(defaults, tower.id, column.name)
    if (known) return known
  }
  const type = preferred(fitting(types, column.type))
  return type && withSomething({ column: column.name, type: type.type }, type)
}

/** The type that is made for fewest kinds of columns is closest to this one; the spec's vocabulary before its rivals. */
function preferred(types: FeatureType[]): FeatureType | undefined {
  return types.find((type) => type.type === 'numeric') ?? types.find((type) => type.type === 'string_embedding') ?? types[0]
}

/** A feature whose switches are all off adds nothing: the first one that adds a dimension is turned on. */
function withSomething(feature: Feature, type: FeatureType): Feature {
  const producing = type.transforms.filter((transform) => transform.width)
  if (producing.some((transform) => !switchOf(transform) && (transform.width?.constant || transform.parameters.some((one) => one.type === 'integer')))) return feature
  const first = producing.map(switchOf).find((found) => found !== undefined)
  return first ? withValue(feature, first.path, true) : feature
}
