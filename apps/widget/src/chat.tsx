/** The chat itself, imported by the loader when it is wanted; runs in the loader's shadow root until it is destroyed. */
import { createStore } from '@dosti/client'
import { render } from 'preact'
import logCss from './log.css'
import panelCss from './panel.css'
import { startSession } from './session.ts'
import { STRINGS } from './strings.ts'
import { countUnread } from './unread.ts'
import { Panel } from './view/panel.tsx'

export interface MountOptions {
  root: ShadowRoot
  launcher: HTMLButtonElement
  badge: HTMLElement
  gateway: string
  publicKey: string
}

/** Builds the panel, closed, and connects. `destroy` leaves no node, listener, timer or socket. */
export function mount({ root, launcher, badge, gateway, publicKey }: MountOptions): {
  open: () => void
  destroy: () => void
} {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(panelCss + logCss)
  root.adoptedStyleSheets.push(sheet)
  const container = document.createElement('div')
  root.append(container)
  const session = startSession(gateway, publicKey)
  const open = createStore(false)
  const close = () => {
    open.set(false)
    launcher.hidden = false
    launcher.focus()
  }
  const countBadge = () => {
    const count = open.get() ? 0 : countUnread(session.thread.view.get())
    badge.textContent = count === 0 ? '' : String(Math.min(count, 99))
    // The name stays "Open chat"; how much is new is its description.
    if (count === 0) launcher.removeAttribute('aria-description')
    else launcher.setAttribute('aria-description', STRINGS.unread(count))
  }
  const unsubscribe = [session.thread.view.subscribe(countBadge), open.subscribe(countBadge)]
  render(<Panel session={session} open={open} onClose={close} />, container)
  return {
    open: () => {
      launcher.hidden = true
      open.set(true)
    },
    destroy: () => {
      for (const stop of unsubscribe) stop()
      render(null, container)
      container.remove()
      session.close()
    },
  }
}
