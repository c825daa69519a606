/** Tells the developer of the page what is amiss; visitors never see it. */
export function warn(text: string): void {
  // oxlint-disable-next-line no-console -- the page's console is where its developer looks
  console.warn(`[dosti] ${text}`)
}
