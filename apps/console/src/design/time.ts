const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' })
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'short' })
const shortDate = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
const longDate = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' })
const fullDate = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' })

const DAY_MS = 86_400_000

/** Midnight of the day, in the reader's zone. */
export function startOfDay(timestamp: number): number {
  const date = new Date(timestamp)
  date.setHours(0, 0, 0, 0)
  return date.getTime()
}

// Rounded, because days with a clock change have 23 or 25 hours.
const daysBetween = (timestamp: number, now: number) => Math.round((startOfDay(now) - startOfDay(timestamp)) / DAY_MS)

/** A list's time: "now", "4 m", the hour today, the weekday this week, then the date. */
export function briefTime(timestamp: number, now: number): string {
  const minutes = Math.floor((now - timestamp) / 60_000)
  if (minutes < 1) return 'now'
  if (minutes < 60) return `${minutes} m`
  const days = daysBetween(timestamp, now)
  if (days === 0) return clock.format(timestamp)
  if (days === 1) return 'Yesterday'
  return days < 7 ? weekday.format(timestamp) : shortDate.format(timestamp)
}

/** A day separator: "Today", "Yesterday", the weekday and date; with the year once it is another one. */
export function dayName(timestamp: number, now: number): string {
  const days = daysBetween(timestamp, now)
  if (days === 0) return 'Today'
  if (days === 1) return 'Yesterday'
  return (new Date(timestamp).getFullYear() === new Date(now).getFullYear() ? longDate : fullDate).format(timestamp)
}

/** The hour and minute. */
export const clockTime = (timestamp: number): string => clock.format(timestamp)

/** Date and time in full, for titles. */
export const fullTime = (timestamp: number): string => full.format(timestamp)

/** The machine-readable form for `<time>`. */
export const isoTime = (timestamp: number): string => new Date(timestamp).toISOString()
