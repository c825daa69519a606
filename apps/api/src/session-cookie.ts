import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from './config.ts'

type Names = Pick<Config, 'CONSOLE_URL' | 'INSTALLATION'>

// Over HTTPS the prefix makes browsers hold the cookie to this host and path.
const isSecure = ({ CONSOLE_URL }: Names) => CONSOLE_URL.startsWith('https:')
/** What the session's cookie is called in this installation. */
export const cookieName = (names: Names) => `${isSecure(names) ? '__Host-' : ''}dosti_${names.INSTALLATION}`
const attributes = (names: Names) => ({ path: '/', httpOnly: true, sameSite: 'lax', secure: isSecure(names) }) as const

/** The session token a request carries. */
export function sessionToken(request: FastifyRequest, names: Names): string | undefined {
  return request.cookies[cookieName(names)]
}

/** Lets a handler keep and drop the session as a cookie of this reply. */
export function sessionOf(
  reply: FastifyReply,
  names: Names,
): { start(token: string, expiresAt: number): void; end(): void } {
  return {
    start: (token, expiresAt) =>
      void reply.setCookie(cookieName(names), token, { ...attributes(names), expires: new Date(expiresAt) }),
    end: () => void reply.clearCookie(cookieName(names), attributes(names)),
  }
}
