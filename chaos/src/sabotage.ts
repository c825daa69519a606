/** Products that break a promise on purpose, by means of SQL alone, to see whether the checker notices. */
import type { Rule } from './checker.ts'
import type { World } from './world.ts'

export interface Sabotage {
  what: string
  /** The rule that must find it, and in which words. */
  found: { rule: Rule; words: RegExp }[]
  /** The fault that brings it to light. */
  fault: string
  /** Postgres' own settings. */
  settings: string[]
  apply: (world: World) => Promise<void>
}

/** A trigger; with the owner's rights, since services may not do what it does. */
const trigger = (table: string, body: string): string => `
  CREATE FUNCTION sabotage_${table}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET row_security = off AS $$ BEGIN ${body} END $$;
  CREATE TRIGGER sabotage BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION sabotage_${table}();`

export const SABOTAGES: readonly Sabotage[] = [
  {
    what: 'acknowledged before it is safe',
    found: [{ rule: 'lost', words: /was acknowledged to .* and is not in the log/ }],
    fault: 'T7',
    // Postgres answers the COMMIT of a message and writes it when it pleases: what a crash takes with it had been promised.
    settings: ['wal_writer_delay=10000', 'wal_writer_flush_after=100MB'],
    async apply(world) {
      const later = "PERFORM set_config('synchronous_commit', 'off', true); RETURN NEW;"
      await world.sql(['event', 'alert', 'log_cursor'].map((table) => trigger(table, later)).join(''))
    },
  },
  {
    what: 'the wall clock as cursor, and no unique client message ids',
    found: [
      { rule: 'lost', words: /never reached poll/ },
      { rule: 'doubled', words: /is stored [2-9]\d* times/ },
    ],
    fault: 'T23',
    settings: [],
    async apply(world) {
      await world.sql(`
        DROP INDEX event_workspace_id_visitor_id_timestamp_key;
        DROP INDEX event_client_message_id_key;
        ${trigger(
          'event',
          `
          NEW.timestamp := floor(extract(epoch FROM clock_timestamp()) / 2)::bigint * 2000;
          NEW.client_message_id := NEW.client_message_id || '-' || NEW.id;
          RETURN NEW;`,
        )}`)
    },
  },
  {
    what: "another visitor's words, and alerts that are forgotten",
    found: [
      { rule: 'foreign', words: /received words of acme\.v2/ },
      { rule: 'alerts', words: /no alert 1 was made/ },
    ],
    fault: 'T19',
    settings: [],
    async apply(world) {
      await world.sql(`
        ${trigger(
          'event',
          `
          IF NEW.name = 'message.sent' AND NEW.visitor_id IN ('v0', 'v1', 'v3') THEN
            NEW.data := NEW.data || jsonb_build_object('text', (NEW.data->>'text') || ' #acme.v2#');
          END IF;
          RETURN NEW;`,
        )}
        ${trigger('alert', 'RETURN NULL;')}`)
    },
  },
]
