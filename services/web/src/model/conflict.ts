/** Two people changed the same config: what differs, feature by feature, and the lists that a choice gives. */
import { crossesOf, crossName, factsOf, featureIn, featuresOf, TOWERS, type Cross, type Feature, type Lists, type Tower } from './lists'

export type Side = 'mine' | 'theirs'
type Piece = Feature | Cross

export interface Difference {
  key: string
  tower: Tower
  label: string
  /** undefined where that side has it not */
  mine: Piece | undefined
  theirs: Piece | undefined
  /** what only one side has changed since the base is taken from it */
  proposed: Side
}

const same = (left: unknown, right: unknown) => JSON.stringify(left) === JSON.stringify(right)
const keyOf = (tower: Tower, name: string, kind: string) => JSON.stringify([tower, kind, name])
const isFeature = (piece: Piece): piece is Feature => 'column' in piece
const nameOf = (piece: Piece) => (isFeature(piece) ? piece.column : JSON.stringify(piece.features))
const crossIn = (lists: Lists, tower: Tower, name: string) => crossesOf(lists, tower).find((cross) => nameOf(cross) === name)
const find = (lists: Lists, tower: Tower, piece: Piece) => (isFeature(piece) ? featureIn(lists, tower, piece.column) : crossIn(lists, tower, nameOf(piece)))

/** Mine first, then what only they have, in their order. */
function pieces<T extends Piece>(mine: T[], theirs: T[]): T[] {
  const known = new Set(mine.map(nameOf))
  return [...mine, ...theirs.filter((piece) => !known.has(nameOf(piece)))]
}
const both = (mine: Lists, theirs: Lists, tower: Tower): Piece[] => [
  ...pieces(featuresOf(mine, tower), featuresOf(theirs, tower)),
  ...pieces(crossesOf(mine, tower), crossesOf(theirs, tower)),
]

export function differences(base: Lists, mine: Lists, theirs: Lists): Difference[] {
  return TOWERS.flatMap(({ id }) =>
    both(mine, theirs, id).flatMap((piece) => {
      const [held, other] = [find(mine, id, piece), find(theirs, id, piece)]
      if (same(held, other)) return []
      const proposed: Side = same(find(base, id, piece), held) ? 'theirs' : 'mine'
      const kind = isFeature(piece) ? 'feature' : 'cross'
      const label = isFeature(piece) ? piece.column : crossName(piece)
      return [{ key: keyOf(id, nameOf(piece), kind), tower: id, label, mine: held, theirs: other, proposed }]
    }),
  )
}

/** The lists with each difference as it was chosen. */
export function merged(mine: Lists, theirs: Lists, choice: (key: string) => Side): Lists {
  const taken = (tower: Tower) =>
    both(mine, theirs, tower).flatMap((piece) => {
      const side = choice(keyOf(tower, nameOf(piece), isFeature(piece) ? 'feature' : 'cross'))
      return find(side === 'mine' ? mine : theirs, tower, piece) ?? []
    })
  const entries = TOWERS.flatMap(({ id }) => [
    [factsOf(id).features, taken(id).filter(isFeature)],
    [factsOf(id).crosses, taken(id).filter((piece) => !isFeature(piece))],
  ])
  return Object.fromEntries(entries) as Lists
}
