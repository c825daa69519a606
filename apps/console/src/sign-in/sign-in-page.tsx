import { RequestError } from '@dosti/client'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { CircleAlert, Eye, EyeOff } from 'lucide-react'
import { type FormEvent, type KeyboardEvent, useEffect, useId, useRef, useState } from 'react'
import { Button } from '../design/button.tsx'
import { Logo } from '../design/logo.tsx'
import { meQuery, signIn } from '../session.ts'

const FIELD =
  'h-10 w-full rounded-lg border border-line-strong bg-surface px-3 text-base outline-none transition-shadow focus-visible:border-focus focus-visible:outline-2 focus-visible:outline-offset-1 focus-visible:outline-focus aria-invalid:border-danger touch:h-12 touch:text-lg'

/** The way in: says what went wrong where it went wrong, and keeps what was typed. */
export function SignInPage() {
  const { form, problem, busy, submit } = useSignIn()
  useEffect(() => {
    document.title = 'Sign in · Dosti'
  }, [])
  return (
    <main className="h-full overflow-y-auto bg-canvas">
      <div className="mx-auto flex min-h-full w-full max-w-90 flex-col justify-center px-5 py-12">
        <div className="mb-7 flex items-center gap-2.5">
          <Logo size={30} />
          <span className="text-lg font-semibold tracking-tight">Dosti</span>
        </div>
        <h1 className="text-xl font-semibold tracking-tight">Sign in</h1>
        <p className="mt-1 mb-6 text-base text-soft">Answer your visitors from one place.</p>
        <form ref={form} onSubmit={submit} noValidate className="flex flex-col gap-4">
          <EmailField
            invalid={problem?.field === 'email' || problem?.field === 'both'}
            describedBy={problem === null ? undefined : 'problem'}
          />
          <PasswordField
            invalid={problem?.field === 'password' || problem?.field === 'both'}
            describedBy={problem === null ? undefined : 'problem'}
          />
          <div id="problem" role="alert" className="empty:hidden">
            {problem !== null && (
              <p className="flex gap-2 rounded-lg bg-danger-soft px-3 py-2 text-sm text-danger">
                <CircleAlert aria-hidden size={16} className="mt-0.5 shrink-0" />
                {problem.text}
              </p>
            )}
          </div>
          <Button type="submit" look="solid" className="h-10! w-full touch:h-12!" aria-busy={busy} disabled={busy}>
            {busy ? 'Signing in…' : 'Sign in'}
          </Button>
        </form>
      </div>
    </main>
  )
}

interface Problem {
  text: string
  field: 'email' | 'password' | 'both' | 'none'
}

function useSignIn() {
  const form = useRef<HTMLFormElement>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [busy, setBusy] = useState(false)
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { next } = useSearch({ from: '/login' })

  const fail = (found: Problem) => {
    setProblem(found)
    const name = found.field === 'password' || found.field === 'both' ? 'password' : 'email'
    if (found.field !== 'none') form.current?.querySelector<HTMLInputElement>(`input[name=${name}]`)?.focus()
  }
  const run = async (email: string, password: string) => {
    setBusy(true)
    try {
      queries.setQueryData(meQuery.queryKey, await signIn(email, password))
      await navigate({ to: next ?? '/inbox', replace: true })
    } catch (error) {
      fail(problemOf(error))
    } finally {
      setBusy(false)
    }
  }
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const data = new FormData(event.currentTarget)
    const typed = (name: string) => {
      const value = data.get(name)
      return typeof value === 'string' ? value : ''
    }
    const email = typed('email').trim()
    const password = typed('password')
    if (email === '') return fail({ text: 'Type your e-mail address.', field: 'email' })
    if (password === '') return fail({ text: 'Type your password.', field: 'password' })
    setProblem(null)
    void run(email, password)
  }
  return { form, problem, busy, submit }
}

function problemOf(error: unknown): Problem {
  if (!(error instanceof RequestError)) return { text: 'Something went wrong. Try again.', field: 'none' }
  if (error.code === 'auth.invalid')
    return { text: 'E-mail or password is wrong. Check both and try again.', field: 'both' }
  if (error.code === 'rate.limited') {
    const seconds = Math.ceil((error.retryAfterMs ?? 60_000) / 1000)
    return { text: `Too many attempts. Try again in ${seconds} seconds.`, field: 'none' }
  }
  if (error.code === 'service.unavailable')
    return { text: 'Dosti cannot be reached right now. Check your connection and try again.', field: 'none' }
  return { text: error.message, field: 'none' }
}

function EmailField({ invalid, describedBy }: { invalid: boolean; describedBy: string | undefined }) {
  const id = useId()
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className="text-sm font-medium">
        Email
      </label>
      <input
        id={id}
        name="email"
        type="email"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        autoFocus
        aria-invalid={invalid}
        aria-describedby={describedBy}
        className={FIELD}
      />
    </div>
  )
}

function PasswordField({ invalid, describedBy }: { invalid: boolean; describedBy: string | undefined }) {
  const id = useId()
  const [shown, setShown] = useState(false)
  const [capsLock, setCapsLock] = useState(false)
  const watch = (event: KeyboardEvent) => setCapsLock(event.getModifierState('CapsLock'))
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className="text-sm font-medium">
        Password
      </label>
      <div className="relative">
        <input
          id={id}
          name="password"
          type={shown ? 'text' : 'password'}
          autoComplete="current-password"
          autoCapitalize="none"
          spellCheck={false}
          onKeyDown={watch}
          onKeyUp={watch}
          onBlur={() => setCapsLock(false)}
          aria-invalid={invalid}
          aria-describedby={describedBy}
          className={`${FIELD} pe-11 touch:pe-13`}
        />
        <Button
          shape="icon"
          aria-pressed={shown}
          // Not "show password": the field alone is found by that word.
          aria-label={shown ? 'Hide what you typed' : 'Show what you typed'}
          onClick={() => setShown(!shown)}
          className="absolute inset-y-0 end-1 my-auto"
        >
          {shown ? <EyeOff aria-hidden size={17} /> : <Eye aria-hidden size={17} />}
        </Button>
      </div>
      <p aria-live="polite" className="text-sm text-note-ink empty:hidden">
        {capsLock ? 'Caps Lock is on.' : ''}
      </p>
    </div>
  )
}
