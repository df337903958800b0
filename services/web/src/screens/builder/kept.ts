/** The draft of an edit outlives a reload: it stands in this tab's storage, with the version that it began from. */
import type { Lists } from '@/model/lists'

export interface Kept {
  base: Lists
  mine: Lists
  etag: string
}

const keyOf = (config: string) => `towerlab.draft.${config}`

export const keep = (config: string, kept: Kept): void => sessionStorage.setItem(keyOf(config), JSON.stringify(kept))
export const release = (config: string): void => sessionStorage.removeItem(keyOf(config))

export function keptOf(config: string): Kept | null {
  const held = config ? sessionStorage.getItem(keyOf(config)) : null
  return held ? (JSON.parse(held) as Kept) : null
}
