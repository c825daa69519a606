/** Products that break a promise on purpose, by means of SQL alone, to see whether the checker notices. */
import type { Rule } from './checker.ts'
import type { World } from './world.ts'

export interface Sabotage {
  what: string
  /** The rule that must find it, and in which words. */
  found: { rule: Rule; words: RegExp }[]
  /** The faults that bring it to light. */
  faults: string[]
  /** How long everybody is waited for, in milliseconds: most of these products never come to rest. */
  patienceMs: number
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
    faults: ['T7'],
    patienceMs: 4000,
    // Postgres answers the commit of a message and writes it when it pleases: what a crash takes with it had been promised.
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
      { rule: 'expected', words: /T29: the cursor misses and doubles nothing; .* [1-9]\d* missed/ },
    ],
    faults: ['T23', 'T29'],
    patienceMs: 4000,
    settings: [],
    async apply(world) {
      await world.sql(`
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
    faults: ['T19'],
    patienceMs: 4000,
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
  {
    what: 'numbers left out, and times that run back',
    found: [
      { rule: 'gaps', words: /the log of \S+ \S+ public has 8 in place of 7/ },
      { rule: 'outOfOrder', words: /public: 6 is not later than 5/ },
    ],
    faults: ['T19'],
    patienceMs: 4000,
    settings: [],
    async apply(world) {
      await world.sql(
        trigger(
          'event',
          `
          IF NEW.seq % 6 = 0 THEN NEW.timestamp := NEW.timestamp - 3600000; END IF;
          NEW.seq := NEW.seq + NEW.seq / 7;
          RETURN NEW;`,
        ),
      )
    },
  },
  {
    what: 'one visitor kept waiting, and another answered that it is our fault',
    found: [
      { rule: 'slow', words: /T19: 11000 ms until all had caught up/ },
      { rule: 'misbehaved', words: /v1 was answered "internal"/ },
    ],
    faults: ['T19'],
    // A second longer than a recovery may take.
    patienceMs: 11_000,
    settings: [],
    async apply(world) {
      await world.sql(
        trigger(
          'event',
          `
          IF NEW.visitor_id = 'v2' THEN RAISE EXCEPTION 'in a while' USING ERRCODE = 'lock_not_available'; END IF;
          IF NEW.visitor_id = 'v1' THEN RAISE EXCEPTION 'never heard of'; END IF;
          RETURN NEW;`,
        ),
      )
    },
  },
]
