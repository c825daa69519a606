/** The table over HTTP: `POST /api/v1/<operation>` with the input as JSON, answered with the reply envelope and its status. */
import { DostiError, OPERATIONS, type OperationName, type Reply } from '@dosti/contracts'
import { networkOf, withinDeadline } from '@dosti/runtime'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { authenticate } from './authenticate.ts'
import type { ApiDeps } from './deps.ts'
import { sessionOf } from './session-cookie.ts'

/** Where the operations live. */
export const OPERATIONS_PATH = '/api/v1/'

/** One route for each row of the table. */
export function routeOperations(app: FastifyInstance, deps: ApiDeps): void {
  for (const name of Object.keys(OPERATIONS) as OperationName[]) {
    const ask = async (request: FastifyRequest, reply: FastifyReply): Promise<Reply<unknown>> => {
      const session = sessionOf(reply, deps.config)
      const actor = await authenticate(deps, request, name).catch((error: unknown) => {
        // A cookie that opens nothing is of no use to the browser.
        if (error instanceof DostiError && error.code === 'auth.expired') session.end()
        throw error
      })
      const context = { requestId: request.id, address: networkOf(request.ip), session }
      return deps.dispatch(actor, name, request.body, context)
    }
    app.post(`${OPERATIONS_PATH}${name}`, async (request, reply): Promise<Reply<unknown>> => {
      const answer = await withinDeadline(ask(request, reply))
      if (!answer.ok) throw new DostiError(answer.error.code, answer.error)
      return answer
    })
  }
}
