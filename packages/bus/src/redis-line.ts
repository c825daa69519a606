import { Redis } from 'ioredis'

const LOOK_EVERY_MS = 5000
const ANSWER_WITHIN_MS = 2000

/**
 * A connection to Redis that comes back by itself, and is made anew where Redis no longer answers: its side may be gone without a
 * word. `waits`: commands are kept while Redis is away; otherwise they fail at once, or within a second, and are never sent again,
 * because what comes late is worth nothing.
 */
export function openRedis(url: string, { waits }: { waits: boolean }): Redis {
  const redis = new Redis(url, {
    connectTimeout: ANSWER_WITHIN_MS,
    retryStrategy: (attempt) => Math.min(attempt * 100, 2000),
    ...(waits
      ? { maxRetriesPerRequest: null }
      : {
          enableOfflineQueue: false,
          autoResendUnfulfilledCommands: false,
          maxRetriesPerRequest: 1,
          commandTimeout: 1000,
        }),
  })
  // Without a listener an ioredis error ends the process; the reconnect is its business, health tells the rest.
  redis.on('error', () => {})
  let opening: typeof redis.stream | undefined
  const look = async (): Promise<void> => {
    const { stream, status } = redis
    const heard = stream?.bytesRead
    // Between the two states a line waits for an answer too, to the commands that open it.
    const isUp = status === 'ready' ? await answers(redis) : status !== 'connect' || opening !== stream
    opening = stream
    // A reader who is behind has heard something, if not yet the answer.
    if (!isUp && redis.stream === stream && stream.bytesRead === heard) redis.disconnect(true)
  }
  const looks = setInterval(() => void look(), LOOK_EVERY_MS)
  looks.unref()
  redis.once('end', () => clearInterval(looks))
  return redis
}

/** Whether Redis answers on this connection in time, if only to refuse. */
async function answers(redis: Redis): Promise<boolean> {
  const silence = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => silence.resolve(false), ANSWER_WITHIN_MS)
  const answer = redis.ping().then(
    () => true,
    (error: Error) => error.name === 'ReplyError',
  )
  const isAnswered = await Promise.race([answer, silence.promise])
  clearTimeout(timer)
  return isAnswered
}
