/**
 * The alert's sound, made by the browser: no file to load. Browsers keep an AudioContext silent until the page was clicked
 * or typed into; the state says so, that the page can ask for it.
 */
import { createStore } from '@dosti/client'
import { storedValue } from '../design/stored-value.ts'

export type SoundState = 'ready' | 'blocked' | 'muted'

const choice = storedValue('dosti.sound', ['on', 'muted'], 'on')
const state = createStore<SoundState>('blocked')
/** How long a tab keeps the others from sounding the same alert. */
const HOLD_MS = 3000

let context: AudioContext | null = null

/** Whether an alert would be heard. */
export const soundState = { get: state.get, subscribe: state.subscribe }

function refresh(): void {
  state.set(choice.get() === 'muted' ? 'muted' : context?.state === 'running' ? 'ready' : 'blocked')
}

function unlock(): void {
  if (context === null) {
    context = new AudioContext()
    context.addEventListener('statechange', refresh)
  }
  if (context.state !== 'running') void context.resume().then(refresh)
  refresh()
}

/** Waits for the click or key that allows sound, unless there was one. Returns the way to stop. */
export function watchSound(): () => void {
  if (navigator.userActivation.hasBeenActive) unlock()
  else refresh()
  window.addEventListener('pointerdown', unlock)
  window.addEventListener('keydown', unlock)
  return () => {
    window.removeEventListener('pointerdown', unlock)
    window.removeEventListener('keydown', unlock)
  }
}

/** Switches the sound on or off, remembered in this browser. */
export function setMuted(muted: boolean): void {
  choice.set(muted ? 'muted' : 'on')
  if (muted) refresh()
  else unlock()
}

/** Sounds an alert in one tab only, whichever may; resolves to whether it was this one. */
export async function soundAlert(alertId: string): Promise<boolean> {
  const audio = context
  if (audio === null || state.get() !== 'ready') return false
  // Web Locks exist in secure contexts only; without them every tab sounds, which is better than none.
  if (!('locks' in navigator)) {
    chime(audio)
    return true
  }
  return navigator.locks.request(`dosti.alert.${alertId}`, { ifAvailable: true }, async (lock) => {
    if (lock === null) return false
    chime(audio)
    await new Promise((done) => setTimeout(done, HOLD_MS))
    return true
  })
}

/** Two soft notes, a fourth apart, 0.6 s in all. */
export function chime(audio: BaseAudioContext): void {
  const notes = [
    { hertz: 659.25, at: 0 },
    { hertz: 880, at: 0.16 },
  ]
  for (const { hertz, at } of notes) {
    const start = audio.currentTime + at
    const gain = audio.createGain()
    const tone = audio.createOscillator()
    tone.frequency.value = hertz
    gain.gain.setValueAtTime(0, start)
    gain.gain.linearRampToValueAtTime(0.22, start + 0.015)
    gain.gain.exponentialRampToValueAtTime(0.001, start + 0.45)
    tone.connect(gain).connect(audio.destination)
    tone.start(start)
    tone.stop(start + 0.5)
  }
}
