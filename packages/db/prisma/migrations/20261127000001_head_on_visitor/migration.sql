-- Services of the version before must be stopped first: the table that they write goes.

-- The head of the current conversation moves to its visitor's row: a message then changes one row instead of two, and all that
-- a decision reads comes with the lock. Heads of former conversations, which nobody reads, are left to the log.
ALTER TABLE "visitor"
  ADD COLUMN "status" TEXT,
  ADD COLUMN "agents" JSONB NOT NULL DEFAULT '[]',
  ADD COLUMN "assignee_id" TEXT COLLATE "C",
  ADD COLUMN "assignee_name" TEXT,
  ADD COLUMN "last_text" TEXT,
  ADD COLUMN "last_from" TEXT,
  ADD COLUMN "last_at" BIGINT,
  ADD COLUMN "opened_at" BIGINT,
  ADD COLUMN "closed_at" BIGINT,
  ADD COLUMN "updated_at" BIGINT,
  ADD COLUMN "listed_at" BIGINT GENERATED ALWAYS AS ("updated_at" - "updated_at" % 10000) STORED,
  ADD COLUMN "read_by_agents" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "read_by_visitor" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "unread" INTEGER NOT NULL DEFAULT 0;

-- Row-level security holds the owner of the tables too.
SET dosti.scope = '*';

UPDATE "visitor" v SET
  "status" = c."status", "agents" = c."agents", "assignee_id" = c."assignee_id", "assignee_name" = c."assignee_name",
  "last_text" = c."last_text", "last_from" = c."last_from", "last_at" = c."last_at", "opened_at" = c."opened_at",
  "closed_at" = c."closed_at", "updated_at" = c."updated_at", "read_by_agents" = c."read_by_agents",
  "read_by_visitor" = c."read_by_visitor", "unread" = c."unread"
FROM "conversation" c WHERE c."workspace_id" = v."workspace_id" AND c."id" = v."conversation_id";

-- AddForeignKey
ALTER TABLE "alert" DROP CONSTRAINT "alert_workspace_id_conversation_id_fkey";
ALTER TABLE "alert" ADD CONSTRAINT "alert_workspace_id_visitor_id_fkey" FOREIGN KEY ("workspace_id", "visitor_id") REFERENCES "visitor"("workspace_id", "visitor_id") ON DELETE CASCADE ON UPDATE CASCADE;

RESET dosti.scope;

DROP TABLE "conversation";

ALTER TABLE "visitor" ADD CONSTRAINT "visitor_status_known" CHECK ("status" IN ('open', 'closed'));
ALTER TABLE "visitor" ADD CONSTRAINT "visitor_status_of_conversation" CHECK (("status" IS NULL) = ("conversation_id" IS NULL));
ALTER TABLE "visitor" ADD CONSTRAINT "visitor_last_from_known" CHECK ("last_from" IN ('visitor', 'agent'));

-- The inbox, newest first, page by page.
CREATE INDEX "visitor_list_idx" ON "visitor"("workspace_id", "status", "listed_at" DESC) WHERE "status" IS NOT NULL;
-- The inbox of one agent, or of nobody.
CREATE INDEX "visitor_assignee_list_idx" ON "visitor"("workspace_id", "status", "assignee_id", "listed_at" DESC)
  WHERE "status" IS NOT NULL;
