-- What every message pays for, and no reader needs.

-- Polls walk the unique index of timestamps; what is no message lies thinly between and is passed over.
DROP INDEX "event_message_timestamp_idx";

-- The visitor's row names the current conversation, so there can be one alone without an index that says so.
DROP INDEX "conversation_current_key";

-- The same wall as before; the list of workspaces is taken apart once per statement instead of once per row.
DO $$
DECLARE
  entry text[];
BEGIN
  FOREACH entry SLICE 1 IN ARRAY ARRAY[
    ['workspace', 'id'], ['agent', 'workspace_id'], ['public_key', 'workspace_id'], ['session', 'workspace_id'],
    ['ticket', 'workspace_id'], ['visitor', 'workspace_id'], ['visitor_token', 'workspace_id'],
    ['conversation', 'workspace_id'], ['event', 'workspace_id'], ['alert', 'workspace_id']
  ] LOOP
    EXECUTE format(
      'ALTER POLICY scope ON %I USING (
         %I = ANY ((SELECT string_to_array(current_setting(''dosti.scope'', true), '',''))::text[])
         OR (SELECT current_setting(''dosti.scope'', true)) = ''*'')',
      entry[1], entry[2]);
  END LOOP;
END
$$;
