// Preloaded into a service: its wall clock is off by the milliseconds in our own address; the monotonic one is not.
const ms = Number(new URL(import.meta.url).searchParams.get('ms'))
const RealDate = Date
const now = RealDate.now.bind(RealDate)
globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(now() + ms)
    else super(...args)
  }
  static now() {
    return now() + ms
  }
}
