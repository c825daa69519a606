/** Products that break a promise on purpose, by means of SQL alone, to see whether the checker notices. */
import type { Rule } from './checker.ts'
import type { World } from './world.ts'

export interface Sabotage {
  what: string
  /** At least one of these must find it. */
  foundBy: readonly Rule[]
  settings?: string[]
  apply(world: World): Promise<void>
}

/** A change to each event on its way into the log; `owner` rights, since services may not read what they break. */
const beforeInsert = (body: string) => async (world: World) => {
  await world.sql(`
    CREATE FUNCTION sabotage() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET row_security = off AS $$
    BEGIN ${body} RETURN NEW; END $$;
    CREATE TRIGGER sabotage BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION sabotage()`)
}

export const SABOTAGES = {
  ackBeforeCommit: {
    what: 'acknowledged before it is safe: what a crash of Postgres takes with it was promised',
    foundBy: ['lost'],
    // The log of Postgres is written when it pleases, as if the answer were sent before COMMIT is through.
    settings: ['synchronous_commit=off', 'wal_writer_delay=10000', 'wal_writer_flush_after=0'],
    apply: async () => {},
  },
  wallClockCursor: {
    what: 'the wall clock as cursor: two messages of one tick share a timestamp',
    foundBy: ['lost', 'outOfOrder'],
    async apply(world) {
      await world.sql('DROP INDEX event_workspace_id_visitor_id_timestamp_key')
      await beforeInsert('NEW.timestamp := floor(extract(epoch FROM clock_timestamp()) * 10)::bigint * 100;')(world)
    },
  },
  noUniqueIndex: {
    what: 'no unique client message ids: a resend is another message',
    foundBy: ['doubled'],
    async apply(world) {
      await world.sql('DROP INDEX event_client_message_id_key')
      await beforeInsert("NEW.client_message_id := NEW.client_message_id || '-' || NEW.id;")(world)
    },
  },
  foreignWords: {
    what: "one visitor's words in another's thread",
    foundBy: ['foreign'],
    apply: beforeInsert(`IF NEW.name = 'message.sent' AND NEW.visitor_id = 'v1' THEN
      NEW.data := NEW.data || jsonb_build_object('text', (NEW.data->>'text') || ' #acme.v2#'); END IF;`),
  },
  leakedNotes: {
    what: 'notes in the public stream',
    foundBy: ['foreign', 'gaps', 'doubled', 'lost', 'outOfOrder', 'misbehaved'],
    apply: beforeInsert(`IF NEW.name = 'message.sent' AND NEW.actor->>'kind' = 'agent' THEN
      NEW.data := NEW.data || jsonb_build_object('text', (NEW.data->>'text') || ' #acme.' || NEW.visitor_id || '.internal#'); END IF;`),
  },
  lostAlerts: {
    what: 'alerts that are forgotten',
    foundBy: ['alerts'],
    async apply(world) {
      await world.sql(`
        CREATE FUNCTION sabotage() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
        CREATE TRIGGER sabotage BEFORE INSERT ON alert FOR EACH ROW EXECUTE FUNCTION sabotage()`)
    },
  },
} as const satisfies Record<string, Sabotage>
