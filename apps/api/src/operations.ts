/** The table over HTTP: `POST /api/v1/<operation>` with the input as JSON, answered with the reply envelope and its status. */
import { ERRORS, OPERATIONS, type OperationName } from '@dosti/contracts'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { authenticate } from './authenticate.ts'
import type { ApiDeps } from './deps.ts'
import { sessionOf } from './session-cookie.ts'

/** Where the operations live. */
export const OPERATIONS_PATH = '/api/v1/'

/** One route for each row of the table. */
export function routeOperations(app: FastifyInstance, deps: ApiDeps): void {
  for (const name of Object.keys(OPERATIONS) as OperationName[]) {
    app.post(`${OPERATIONS_PATH}${name}`, async (request, reply): Promise<FastifyReply> => {
      const actor = await authenticate(deps, request)
      const context = { requestId: request.id, address: request.ip, session: sessionOf(reply, deps.config) }
      const answer = await deps.dispatch(actor, name, request.body, context)
      if (answer.ok) return reply.send(answer)
      if (answer.error.retryAfterMs !== undefined)
        void reply.header('retry-after', Math.ceil(answer.error.retryAfterMs / 1000))
      return reply.code(ERRORS[answer.error.code].status).send(answer)
    })
  }
}
