-- A message changes updated_at, and with it every index of the conversation, unless no index holds it: then the new version of
-- the row stays on its page and off the indexes. So the inbox is indexed by steps of ten seconds and sorted within a step.
ALTER TABLE "conversation" ADD COLUMN "listed_at" BIGINT GENERATED ALWAYS AS ("updated_at" - "updated_at" % 10000) STORED;
ALTER TABLE "conversation" SET (fillfactor = 80);

DROP INDEX "conversation_list_idx";
DROP INDEX "conversation_assignee_list_idx";
-- The inbox, newest first, page by page.
CREATE INDEX "conversation_list_idx" ON "conversation"("workspace_id", "status", "listed_at" DESC) WHERE "is_current";
-- The inbox of one agent, or of nobody.
CREATE INDEX "conversation_assignee_list_idx" ON "conversation"("workspace_id", "status", "assignee_id", "listed_at" DESC)
  WHERE "is_current";
