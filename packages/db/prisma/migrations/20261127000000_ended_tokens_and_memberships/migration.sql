-- A visitor's token and a membership can be ended like a key and a session; whoever rests on them is cut (P4).
ALTER TABLE "visitor_token" ADD COLUMN "revoked_at" BIGINT;
CREATE INDEX "visitor_token_revoked_at_idx" ON "visitor_token"("revoked_at") WHERE "revoked_at" IS NOT NULL;

ALTER TABLE "agent" ADD COLUMN "removed_at" BIGINT;
CREATE INDEX "agent_removed_at_idx" ON "agent"("removed_at") WHERE "removed_at" IS NOT NULL;
-- Whose sessions end with a membership.
CREATE INDEX "session_workspace_id_agent_id_idx" ON "session"("workspace_id", "agent_id");
