/** The four lists of a config, as the API has them: a fault's pointer is a place in them. */
export type Tower = 'buyer' | 'product'

export interface Feature {
  column: string
  type: string
  [setting: string]: unknown
}

export interface Cross {
  features: string[]
  hash_bucket_size: number
  embedding_dim: number
}

export interface Lists {
  buyer_model_features: Feature[]
  product_model_features: Feature[]
  buyer_model_crosses: Cross[]
  product_model_crosses: Cross[]
}

interface TowerFacts {
  id: Tower
  name: string
  about: string
  letter: string
  features: 'buyer_model_features' | 'product_model_features'
  crosses: 'buyer_model_crosses' | 'product_model_crosses'
}

const BUYER: TowerFacts = {
  id: 'buyer',
  name: 'BuyerModel',
  about: 'Query tower',
  letter: 'B',
  features: 'buyer_model_features',
  crosses: 'buyer_model_crosses',
}
const PRODUCT: TowerFacts = {
  id: 'product',
  name: 'ProductModel',
  about: 'Candidate tower',
  letter: 'P',
  features: 'product_model_features',
  crosses: 'product_model_crosses',
}

export const TOWERS: readonly TowerFacts[] = [BUYER, PRODUCT]
export const factsOf = (tower: Tower): TowerFacts => (tower === 'buyer' ? BUYER : PRODUCT)
export const other = (tower: Tower): Tower => (tower === 'buyer' ? 'product' : 'buyer')
export const featuresOf = (lists: Lists, tower: Tower): Feature[] => lists[factsOf(tower).features]
export const crossesOf = (lists: Lists, tower: Tower): Cross[] => lists[factsOf(tower).crosses]
export const featureIn = (lists: Lists, tower: Tower, column: string): Feature | undefined =>
  featuresOf(lists, tower).find((feature) => feature.column === column)
export const crossName = (cross: Cross): string => cross.features.join(' × ')

export const blank = (): Lists => ({
  buyer_model_features: [],
  product_model_features: [],
  buyer_model_crosses: [],
  product_model_crosses: [],
})

/** The four lists alone, of a config or of defaults that say more. */
export function listsOf(source: object): Lists {
  const { buyer_model_features, product_model_features, buyer_model_crosses, product_model_crosses } = source as Lists
  return { buyer_model_features, product_model_features, buyer_model_crosses, product_model_crosses }
}
