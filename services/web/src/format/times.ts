/** Moments and durations: local time where people read, UTC beside it. */
const LOCAL = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' })
const STEPS: [seconds: number, unit: string][] = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
]

export const localTime = (moment: string): string => LOCAL.format(new Date(moment))
export const utcTime = (moment: string): string => `${moment.slice(0, 16).replace('T', ' ')} UTC`

/** '2 hours ago'. */
export function ago(moment: string, now: number = Date.now()): string {
  const seconds = Math.max(0, (now - Date.parse(moment)) / 1000)
  for (const [size, unit] of STEPS)
    if (seconds >= size) {
      const count = Math.floor(seconds / size)
      return `${count} ${unit}${count === 1 ? '' : 's'} ago`
    }
  return 'just now'
}

/** '6 min 10 s'. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

/** An estimate is no measurement: 'about 8 min'. */
export const aboutDuration = (seconds: number): string =>
  seconds < 60 ? `about ${Math.max(5, Math.round(seconds / 5) * 5)} s` : `about ${Math.round(seconds / 60)} min`
