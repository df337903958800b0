/** What step 1 of the wizard hands to step 2. How it begins stands in the address; the texts outlive a reload. */
export type Beginning = 'blank' | 'smart_defaults' | 'clone'

export interface Named {
  name: string
  description: string
}

const keyOf = (dataset: string) => `towerlab.new-config.${dataset}`

export function remember(dataset: string, named: Named): void {
  sessionStorage.setItem(keyOf(dataset), JSON.stringify(named))
}

export function remembered(dataset: string): Named {
  const held = sessionStorage.getItem(keyOf(dataset))
  return held ? (JSON.parse(held) as Named) : { name: '', description: '' }
}

export const forget = (dataset: string): void => {
  sessionStorage.removeItem(keyOf(dataset))
}
