import { STRINGS } from '../strings.ts'

const locale = typeof navigator === 'undefined' ? undefined : navigator.language
const time = new Intl.DateTimeFormat(locale, { timeStyle: 'short' })
const day = new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long' })
const dayOfYear = new Intl.DateTimeFormat(locale, { dateStyle: 'long' })

/** The time of day as the visitor's browser writes it. */
export function timeOfDay(timestamp: number): string {
  return time.format(timestamp)
}

/** "Today", "Yesterday", or the date; the year only when it is not this one. */
export function dayName(timestamp: number, now = new Date()): string {
  const date = new Date(timestamp)
  if (date.toDateString() === now.toDateString()) return STRINGS.today
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1)
  if (date.toDateString() === yesterday.toDateString()) return STRINGS.yesterday
  return (date.getFullYear() === now.getFullYear() ? day : dayOfYear).format(date)
}
