import { useEffect } from 'react'

/** Shows in the tab's title and icon how many visitors wait. */
export function useTabBadge(count: number, title: string): void {
  useEffect(() => {
    document.title = count === 0 ? `${title} · Dosti` : `(${count > 99 ? '99+' : count}) ${title} · Dosti`
    const icon = document.querySelector<HTMLLinkElement>('link[rel=icon]')
    const wanted = count === 0 ? '/icon.svg' : '/icon-alert.svg'
    if (icon !== null && icon.getAttribute('href') !== wanted) icon.setAttribute('href', wanted)
  }, [count, title])
}
