import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import cors from '@fastify/cors'
import websocket from '@fastify/websocket'
import { createHttp, limitsHold, registerHealth, withinDeadline } from '@dosti/runtime'
import type { FastifyInstance } from 'fastify'
import { createAdmission } from './admission.ts'
import { cutRoom, deliver, isHere, type Sockets } from './deliver.ts'
import type { Watchers } from './connection.ts'
import { createDeps, type GatewayDeps } from './deps.ts'
import { createDrain } from './drain.ts'
import { createRingAgain } from './ring-again.ts'
import { publishedRoom } from './published.ts'
import { createSocketIo } from './socketio.ts'
import { createTellMissed } from './tell-missed.ts'
import { createRawUpgrades, dispatchUpgrades } from './upgrade.ts'
import { createRawSockets, GOODBYE_MS } from './websocket.ts'
import { watchRevocations } from './watch-revocations.ts'
import { serveWidget } from './widget-files.ts'

export { createDeps, type GatewayDeps }

export interface Gateway {
  app: FastifyInstance
  /** Lets every connection go, spread over `DRAIN_MS`, then ends the server. */
  close(): Promise<void>
}

const WIDGET_FOLDER = fileURLToPath(new URL('../../widget/dist', import.meta.url))

/** The whole gateway without a port: `app.listen` is the caller's. */
export async function buildGateway(deps: GatewayDeps): Promise<Gateway> {
  const { config, db, bus, metrics, log } = deps
  const app = createHttp({ log, trustedProxies: config.TRUSTED_PROXIES })
  const drain = createDrain()
  const admission = createAdmission({
    perAddress: limitsHold(config) ? config.CONNECTIONS_PER_ADDRESS : Infinity,
    inAll: config.CONNECTIONS_MAX,
    trustedProxies: config.TRUSTED_PROXIES,
    leaving: () => drain.refusal(),
  })
  const slowReadersCut = metrics.counter('dosti_slow_readers_cut_total', 'Sockets cut because they did not read.')
  const ringAgain = createRingAgain({
    rung: (...query) => deps.alerts.rung(...query),
    isHere: (connectionId) => isHere(connectionId, sockets),
    deliver: (told) => deliver(told, ringAgain.roomsFor, sockets),
    clock: () => performance.now(),
    log,
  })
  const watchers: Watchers = {
    admission,
    drain,
    onConnected: (connection) => ringAgain.greet(connection),
    onPublished: (newcomer) => tellMissed.greet(newcomer),
    onCut: () => slowReadersCut.inc(),
  }
  const raw = createRawSockets(deps, watchers)
  const rawUpgrades = createRawUpgrades()
  // Visitors use no cookies, so any page may ask; which pages may use a key is the key's affair.
  await app.register(cors, { origin: '*', strictPreflight: false })
  await app.register(websocket, { options: { server: rawUpgrades as never, maxPayload: 1_000_000 } })
  app.get('/ws', { websocket: true }, (socket, request) => raw.accept(socket, request.raw))
  app.get<{ Querystring: { key?: string } }>('/widget/config', async (request) => {
    const asked = deps.identify.guest({ key: request.query.key, origin: request.headers.origin })
    const { workspaceName } = await withinDeadline(asked)
    return { api: config.API_URL, workspaceName }
  })
  serveWidget(app, WIDGET_FOLDER)
  registerHealth(app, {
    required: { postgres: () => db.ready() },
    optional: { redis: () => bus.ping() },
    registry: metrics.registry,
    metricsToken: config.METRICS_TOKEN,
    draining: () => drain.isDraining,
  })

  const io = createSocketIo(app.server, deps, watchers)
  dispatchUpgrades(app.server, rawUpgrades, admission)
  const sockets: Sockets = { io, raw }
  const missed = metrics.counter(
    'dosti_missed_pushes_total',
    'Events that were delivered from the log: their push did not come.',
  )
  const tellMissed = await createTellMissed({
    reader: deps.logReader,
    isHere: (room) => isHere(room, sockets) || isHere(publishedRoom(room), sockets),
    deliver(told, mayHear) {
      missed.inc()
      deliver([told], ringAgain.roomsFor, sockets, mayHear)
    },
    log,
  })
  bus.subscribe((told) => deliver(tellMissed.hear(told), ringAgain.roomsFor, sockets))
  const endWatch = watchRevocations({
    revokedWithin: deps.revokedWithin,
    cut: (room) => cutRoom(room, sockets),
    clock: () => performance.now(),
    log,
  })
  return {
    app,
    async close() {
      await drain.run(config.DRAIN_MS)
      // Whoever is here until then may be revoked, rung and told.
      endWatch()
      ringAgain.end()
      tellMissed.end()
      raw.close()
      io.engine.close()
      // The other lines end with the process: a peer that is gone would hold the server for half a minute.
      await Promise.race([app.close(), wait(GOODBYE_MS)])
    },
  }
}
