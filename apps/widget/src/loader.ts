/**
 * The one script of a customer's page: shows the launcher and waits. No dependency, no global, and neither request nor socket
 * before the first click, with which the chat comes: only a message that the page before could not send brings it at once.
 */
import { isToBeSent, outboxPrefix } from '@dosti/client/unsent'
import type { mount } from './chat.tsx'
import css from './launcher.css'
import { LAUNCHER_STRINGS } from './strings.ts'
import { warn } from './warn.ts'

/** The name of the chat's bundle beside this one; the build fills it in. */
declare const CHAT_FILE: string

interface Chat {
  mount: typeof mount
}

const HOST = 'dosti-chat'
const SVG = 'http://www.w3.org/2000/svg'
/** A page that takes our element out this often, each time this soon in milliseconds, does not want it; one that swaps its body may. */
const REATTACH_MAX = 20
const REATTACH_SOON_MS = 2000

const script = document.currentScript
// A script that was removed while it loaded still runs: it belongs to a page that no longer asks for a widget.
if (script instanceof HTMLScriptElement && script.isConnected) attend(script, script.dataset['key'] ?? '')

/** Keeps a widget for as long as its script element is in the page. */
function attend(script: HTMLScriptElement, key: string): void {
  const gateway = new URL(script.src).origin
  let widget: { host: HTMLElement; destroy: () => void } | null = null
  let warned = false
  let reattached = 0
  let reattachedAt = 0
  const observer = new MutationObserver(look)
  look()

  function look(): void {
    observer.disconnect()
    if (!script.isConnected || isUnwanted()) {
      widget?.destroy()
      return
    }
    // The chain up from the script, not the whole page: a page may change every frame elsewhere.
    for (let node = script.parentNode; node !== null; node = node.parentNode)
      observer.observe(node, { childList: true })
    if (document.body === null) return
    observer.observe(document.body, { childList: true })
    if (widget === null) appear()
    else if (!widget.host.isConnected) document.body.append(widget.host)
  }

  function isUnwanted(): boolean {
    if (widget?.host.isConnected !== false) return false
    const now = Date.now()
    reattached = now - reattachedAt < REATTACH_SOON_MS ? reattached + 1 : 1
    reattachedAt = now
    return reattached > REATTACH_MAX
  }

  function appear(): void {
    // A copy that a page made of our element, as for its history, has no shadow root.
    const taken = [...document.querySelectorAll<HTMLElement>(HOST)].some(
      (other) => other.dataset['key'] === key && other.shadowRoot,
    )
    if (!taken) widget = createWidget(gateway, key)
    else if (!warned) warn('Two script tags share a data-key; one shows the widget.')
    warned = taken
  }
}

function createWidget(gateway: string, key: string): { host: HTMLElement; destroy: () => void } {
  const host = document.createElement(HOST)
  host.dataset['key'] = key
  const root = host.attachShadow({ mode: 'open' })
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(css)
  root.adoptedStyleSheets = [sheet]
  const launcher = document.createElement('button')
  launcher.type = 'button'
  launcher.className = 'launcher'
  launcher.setAttribute('aria-label', LAUNCHER_STRINGS.openChat)
  const badge = document.createElement('span')
  badge.className = 'badge'
  const hint = document.createElement('span')
  hint.className = 'hint'
  // Outside the button, whose inside is not read out.
  hint.setAttribute('role', 'alert')
  hint.dir = 'auto'
  launcher.append(bubble(), badge)
  root.append(launcher, hint)
  document.body.append(host)

  let chat: ReturnType<typeof mount> | null = null
  let destroyed = false
  let loading = false
  let wanted = false
  let tries = 0
  launcher.addEventListener('click', () => {
    wanted = true
    hint.textContent = ''
    if (chat !== null) return chat.open()
    launcher.setAttribute('aria-busy', 'true')
    if (!loading) void load()
  })
  if (leftUnsent(key)) void load()
  async function load(): Promise<void> {
    loading = true
    try {
      // Some browsers remember that an address could not be imported; another one makes them try again.
      const { mount }: Chat = await import(`${gateway}/widget/${CHAT_FILE}${tries === 0 ? '' : `?again=${tries}`}`)
      if (destroyed) return
      chat = mount({ root, launcher, badge, gateway, publicKey: key })
      if (wanted) chat.open()
    } catch {
      tries += 1
      if (wanted) hint.textContent = LAUNCHER_STRINGS.loadFailed
    }
    loading = false
    wanted = false
    launcher.removeAttribute('aria-busy')
  }
  return {
    host,
    destroy: () => {
      destroyed = true
      chat?.destroy()
      host.remove()
    },
  }
}

/** Whether an outbox of this key has something that it would send. Storage may be denied. */
function leftUnsent(key: string): boolean {
  try {
    return Object.entries(localStorage).some(
      ([name, value]) => name.startsWith(outboxPrefix(key)) && isToBeSent(JSON.parse(value as string), Date.now()),
    )
  } catch {
    return false
  }
}

function bubble(): SVGElement {
  const svg = document.createElementNS(SVG, 'svg')
  const path = document.createElementNS(SVG, 'path')
  for (const [name, value] of Object.entries({ viewBox: '0 0 24 24', width: 26, height: 26, 'aria-hidden': true }))
    svg.setAttribute(name, String(value))
  path.setAttribute('fill', 'currentColor')
  path.setAttribute(
    'd',
    'M12 3C6.9 3 3 6.5 3 11c0 2.4 1.1 4.5 3 6v3.2c0 .6.7 1 1.2.7l3-1.9 1.8.1c5.1 0 9-3.6 9-8.1S17.1 3 12 3Z',
  )
  svg.append(path)
  return svg
}
