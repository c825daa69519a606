import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'

/** Nearer to the end than this, in pixels, counts as being there. */
const AT_END_PX = 48
/** Nearer to the beginning than this, older messages are fetched. */
const NEAR_START_PX = 600

interface Options {
  /** The first stored row: when it changes, older ones came before it. */
  firstKey: string | undefined
  onNearStart: () => void
}

interface PinnedScroll {
  scroller: RefObject<HTMLDivElement | null>
  content: RefObject<HTMLDivElement | null>
  atEnd: boolean
  toEnd: () => void
}

/**
 * A log that stays at its end while it grows, and stays where it is while older rows come in above. The browser's own
 * anchoring is switched off in the markup: not every browser has it, and two anchors would add up.
 */
export function usePinnedScroll({ firstKey, onNearStart }: Options): PinnedScroll {
  const scroller = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const [atEnd, setAtEnd] = useState(true)
  const pinned = useRef(true)
  const fromEnd = useRef(0)
  const first = useRef(firstKey)
  const nearStart = useRef(onNearStart)
  useEffect(() => {
    nearStart.current = onNearStart
  })

  const measure = useCallback(() => {
    const box = scroller.current
    if (box === null) return
    fromEnd.current = box.scrollHeight - box.scrollTop - box.clientHeight
    pinned.current = fromEnd.current < AT_END_PX
    setAtEnd(pinned.current)
    if (box.scrollTop < NEAR_START_PX) nearStart.current()
  }, [])

  const toEnd = useCallback(() => {
    const box = scroller.current
    if (box === null) return
    pinned.current = true
    box.scrollTop = box.scrollHeight
    setAtEnd(true)
  }, [])

  useLayoutEffect(() => {
    const box = scroller.current
    if (box === null || first.current === firstKey) return
    const grewAbove = first.current !== undefined
    first.current = firstKey
    if (grewAbove && !pinned.current) box.scrollTop = box.scrollHeight - box.clientHeight - fromEnd.current
  })

  useLayoutEffect(() => {
    const [box, inner] = [scroller.current, content.current]
    if (box === null || inner === null) return
    const settle = () => {
      if (pinned.current) box.scrollTop = box.scrollHeight
      measure()
    }
    // Both: rows arrive in the one, the composer and the phone's keyboard shrink the other.
    const observer = new ResizeObserver(settle)
    observer.observe(inner)
    observer.observe(box)
    box.addEventListener('scroll', measure, { passive: true })
    return () => {
      observer.disconnect()
      box.removeEventListener('scroll', measure)
    }
  }, [measure])

  return { scroller, content, atEnd, toEnd }
}
