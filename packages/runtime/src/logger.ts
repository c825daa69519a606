import { pino, type Logger } from 'pino'

export type { Logger }

/** JSON lines on standard output; keys, tokens, passwords and cookies never appear in them. */
export function createLogger(service: string, level: string): Logger {
  return pino({
    level,
    base: { service, pid: process.pid },
    redact: {
      paths: [
        'apiKey',
        'key',
        'token',
        'visitorToken',
        'ticket',
        'password',
        'authorization',
        'cookie',
        '*.apiKey',
        '*.key',
        '*.token',
        '*.visitorToken',
        '*.ticket',
        '*.password',
        '*.authorization',
        '*.cookie',
        'req.headers',
      ],
      censor: '[redacted]',
    },
  })
}
