/** Every edit of the four lists: pure, so that undo is the lists of before. */
import { crossesOf, factsOf, featureIn, featuresOf, type Cross, type Feature, type Lists, type Tower } from './lists'

export function added(lists: Lists, tower: Tower, feature: Feature, at = featuresOf(lists, tower).length): Lists {
  return withFeatures(lists, tower, featuresOf(lists, tower).toSpliced(at, 0, feature))
}

/** Without the feature, and without the crosses that took it. */
export function removed(lists: Lists, tower: Tower, column: string): Lists {
  const without = withFeatures(lists, tower, featuresOf(lists, tower).filter((feature) => feature.column !== column))
  return withCrosses(without, tower, crossesOf(lists, tower).filter((cross) => !takes(cross, column, lists, tower)))
}

export function replaced(lists: Lists, tower: Tower, feature: Feature): Lists {
  return withFeatures(
    lists,
    tower,
    featuresOf(lists, tower).map((held) => (held.column === feature.column ? feature : held)),
  )
}

/** The feature from one place to another; `at` counts places before it is taken out. */
export function moved(lists: Lists, column: string, from: Tower, to: Tower, at?: number): Lists {
  const feature = featureIn(lists, from, column)
  if (!feature) return lists
  const place = featuresOf(lists, from).indexOf(feature)
  if (from !== to) return added(removed(lists, from, column), to, feature, at)
  const target = Math.min(at ?? Infinity, featuresOf(lists, from).length)
  const rest = featuresOf(lists, from).toSpliced(place, 1)
  return withFeatures(lists, from, rest.toSpliced(place < target ? target - 1 : target, 0, feature))
}

export const withCross = (lists: Lists, tower: Tower, cross: Cross): Lists =>
  withCrosses(lists, tower, [...crossesOf(lists, tower), cross])

export const withoutCross = (lists: Lists, tower: Tower, at: number): Lists =>
  withCrosses(lists, tower, crossesOf(lists, tower).toSpliced(at, 1))

/** How many crosses go with the feature. */
export const crossesWith = (lists: Lists, tower: Tower, column: string): number =>
  crossesOf(lists, tower).filter((cross) => takes(cross, column, lists, tower)).length

/** An operand is a column's own name or its name with a suffix; a column that is really called so comes first. */
function takes(cross: Cross, column: string, lists: Lists, tower: Tower): boolean {
  return cross.features.some((operand) => ownerOf(operand, lists, tower) === column)
}

function ownerOf(operand: string, lists: Lists, tower: Tower): string | undefined {
  const columns = featuresOf(lists, tower).map((feature) => feature.column)
  if (columns.includes(operand)) return operand
  return columns.filter((column) => operand.startsWith(`${column}_`)).sort((a, b) => b.length - a.length)[0]
}

const withFeatures = (lists: Lists, tower: Tower, features: Feature[]): Lists => ({ ...lists, [factsOf(tower).features]: features })
const withCrosses = (lists: Lists, tower: Tower, crosses: Cross[]): Lists => ({ ...lists, [factsOf(tower).crosses]: crosses })
