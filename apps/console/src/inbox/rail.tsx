import { Inbox, Keyboard, Volume2, VolumeX } from 'lucide-react'
import { useRef, useSyncExternalStore } from 'react'
import { setMuted, soundState } from '../alerts/sound.ts'
import { Button } from '../design/button.tsx'
import { Logo } from '../design/logo.tsx'
import { AccountMenu } from './account-menu.tsx'

/** The edge of the console: a column on the left, a row on top where it is narrow. */
export function Rail({ hidden, onHelp }: { hidden: boolean; onHelp: () => void }) {
  return (
    <nav
      aria-label="Console"
      className={`flex shrink-0 items-center gap-1 bg-canvas md:w-14 md:flex-col md:border-e md:border-line md:py-3 max-md:px-3 max-md:pt-2 ${hidden ? 'max-md:hidden' : ''}`}
    >
      <Logo size={28} />
      <span className="ms-1 text-base font-semibold tracking-tight md:hidden">Dosti</span>
      <span
        aria-hidden
        title="Inbox"
        className="mt-3 grid size-9 place-items-center rounded-lg bg-selected text-accent-ink max-md:hidden"
      >
        <Inbox size={18} />
      </span>
      <div className="flex-1" />
      <SoundButton />
      <Button
        shape="icon"
        aria-label="Keyboard shortcuts"
        title="Keyboard shortcuts (?)"
        onClick={onHelp}
        className="max-md:hidden"
      >
        <Keyboard aria-hidden size={18} />
      </Button>
      <AccountMenu onHelp={onHelp} />
    </nav>
  )
}

const SOUND_TITLES = {
  ready: 'Alert sound is on',
  blocked: 'Click to enable the alert sound',
  muted: 'Alert sound is muted',
}

function SoundButton() {
  const state = useSyncExternalStore(soundState.subscribe, soundState.get)
  // The press itself lifts a block, before the click arrives: what counts is the state that was pressed on.
  const pressedOn = useRef(state)
  const press = () => {
    pressedOn.current = state
  }
  return (
    <Button
      shape="icon"
      aria-label="Mute alert sound"
      aria-pressed={state === 'muted'}
      title={SOUND_TITLES[state]}
      className="relative"
      onPointerDown={press}
      onKeyDown={press}
      onClick={() => setMuted(pressedOn.current === 'ready')}
    >
      {state === 'muted' ? <VolumeX aria-hidden size={18} /> : <Volume2 aria-hidden size={18} />}
      {state === 'blocked' && (
        <span aria-hidden className="absolute end-1.5 top-1.5 size-2 rounded-full bg-signal ring-2 ring-canvas" />
      )}
    </Button>
  )
}
