/** Numbers as people read them; the locale is named, so that the same page is the same everywhere. */
const WHOLE = new Intl.NumberFormat('en')
const SHORT = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 })
const MEASURE = new Intl.NumberFormat('en', { maximumSignificantDigits: 6 })

/** The real minus sign, as wide as a plus. */
const withMinus = (text: string): string => text.replace(/-/g, '−')

export const whole = (value: number): string => withMinus(WHOLE.format(value))
/** 43521 is 43.5K. */
export const short = (value: number): string => withMinus(SHORT.format(value))
export const measure = (value: number): string => withMinus(MEASURE.format(value))
/** 0.473 is 47.3%. */
export const percent = (share: number, decimals = 1): string => withMinus(`${(share * 100).toFixed(decimals)}%`)
export const dimension = (width: number): string => `${whole(width)}D`
export const counted = (count: number, one: string, many = `${one}s`): string => `${whole(count)} ${count === 1 ? one : many}`
