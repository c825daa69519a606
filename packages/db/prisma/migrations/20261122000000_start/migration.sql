-- CreateTable
CREATE TABLE "workspace" (
    "id" TEXT COLLATE "C" NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" BIGINT NOT NULL,

    CONSTRAINT "workspace_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "agent" (
    "workspace_id" TEXT COLLATE "C" NOT NULL,
    "id" TEXT COLLATE "C" NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT COLLATE "C" NOT NULL,
    "password_hash" TEXT NOT NULL,
    "available" BOOLEAN NOT NULL DEFAULT true,

    CONSTRAINT "agent_pkey" PRIMARY KEY ("workspace_id","id")
);

-- CreateTable
CREATE TABLE "public_key" (
    "workspace_id" TEXT COLLATE "C" NOT NULL,
    "key" TEXT COLLATE "C" NOT NULL,
    "allowed_origins" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "revoked_at" BIGINT,

    CONSTRAINT "public_key_pkey" PRIMARY KEY ("workspace_id","key")
);

-- CreateTable
CREATE TABLE "session" (
    "workspace_id" TEXT COLLATE "C" NOT NULL,
    "id" TEXT COLLATE "C" NOT NULL,
    "agent_id" TEXT COLLATE "C" NOT NULL,
    "digest" TEXT COLLATE "C" NOT NULL,
    "expires_at" BIGINT NOT NULL,
    "revoked_at" BIGINT,

    CONSTRAINT "session_pkey" PRIMARY KEY ("workspace_id","id")
);

-- CreateTable
CREATE TABLE "ticket" (
    "workspace_id" TEXT COLLATE "C" NOT NULL,
    "digest" TEXT COLLATE "C" NOT NULL,
    "session_id" TEXT COLLATE "C" NOT NULL,
    "expires_at" BIGINT NOT NULL,

    CONSTRAINT "ticket_pkey" PRIMARY KEY ("workspace_id","digest")
);

-- CreateTable
CREATE TABLE "visitor" (
    "workspace_id" TEXT COLLATE "C" NOT NULL,
    "visitor_id" TEXT COLLATE "C" NOT NULL,
    "name" TEXT,
    "bound" BOOLEAN NOT NULL DEFAULT false,
    "seq" INTEGER NOT NULL DEFAULT 0,
    "internal_seq" INTEGER NOT NULL DEFAULT 0,
    "last_timestamp" BIGINT NOT NULL DEFAULT 0,
    "conversation_id" TEXT COLLATE "C",

    CONSTRAINT "visitor_pkey" PRIMARY KEY ("workspace_id","visitor_id")
);

-- CreateTable
CREATE TABLE "visitor_token" (
    "workspace_id" TEXT COLLATE "C" NOT NULL,
    "visitor_id" TEXT COLLATE "C" NOT NULL,
    "digest" TEXT COLLATE "C" NOT NULL,

    CONSTRAINT "visitor_token_pkey" PRIMARY KEY ("workspace_id","visitor_id","digest")
);

-- CreateTable
CREATE TABLE "conversation" (
    "workspace_id" TEXT COLLATE "C" NOT NULL,
    "id" TEXT COLLATE "C" NOT NULL,
    "visitor_id" TEXT COLLATE "C" NOT NULL,
    "status" TEXT NOT NULL,
    "is_current" BOOLEAN NOT NULL,
    "agents" JSONB NOT NULL DEFAULT '[]',
    "assignee_id" TEXT COLLATE "C",
    "assignee_name" TEXT,
    "last_text" TEXT,
    "last_from" TEXT,
    "last_at" BIGINT,
    "opened_at" BIGINT NOT NULL,
    "closed_at" BIGINT,
    "updated_at" BIGINT NOT NULL,
    "read_by_agents" INTEGER NOT NULL DEFAULT 0,
    "read_by_visitor" INTEGER NOT NULL DEFAULT 0,
    "unread" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "conversation_pkey" PRIMARY KEY ("workspace_id","id")
);

-- CreateTable
CREATE TABLE "event" (
    "workspace_id" TEXT COLLATE "C" NOT NULL,
    "visitor_id" TEXT COLLATE "C" NOT NULL,
    "stream" TEXT COLLATE "C" NOT NULL,
    "seq" INTEGER NOT NULL,
    "id" TEXT COLLATE "C" NOT NULL,
    "name" TEXT NOT NULL,
    "conversation_id" TEXT COLLATE "C" NOT NULL,
    "timestamp" BIGINT NOT NULL,
    "actor" JSONB NOT NULL,
    "data" JSONB NOT NULL,
    "sender" TEXT COLLATE "C",
    "client_message_id" TEXT COLLATE "C",
    "log_id" BIGINT GENERATED ALWAYS AS IDENTITY,
    "xid" xid8 NOT NULL DEFAULT pg_current_xact_id(),

    CONSTRAINT "event_pkey" PRIMARY KEY ("workspace_id","visitor_id","stream","seq")
);

-- CreateTable
CREATE TABLE "alert" (
    "workspace_id" TEXT COLLATE "C" NOT NULL,
    "id" TEXT COLLATE "C" NOT NULL,
    "conversation_id" TEXT COLLATE "C" NOT NULL,
    "visitor_id" TEXT COLLATE "C" NOT NULL,
    "event_seq" INTEGER NOT NULL,
    "step" INTEGER NOT NULL,
    "due_at" BIGINT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'due',
    "finished_at" BIGINT,

    CONSTRAINT "alert_pkey" PRIMARY KEY ("workspace_id","id")
);

-- CreateTable
CREATE TABLE "log_cursor" (
    "name" TEXT NOT NULL,
    "xid" xid8 NOT NULL,
    "log_id" BIGINT NOT NULL,

    CONSTRAINT "log_cursor_pkey" PRIMARY KEY ("name")
);

-- CreateIndex
CREATE UNIQUE INDEX "agent_email_key" ON "agent"("email");

-- CreateIndex
CREATE UNIQUE INDEX "public_key_key_key" ON "public_key"("key");

-- CreateIndex
CREATE UNIQUE INDEX "session_digest_key" ON "session"("digest");

-- CreateIndex
CREATE UNIQUE INDEX "ticket_digest_key" ON "ticket"("digest");

-- CreateIndex
CREATE INDEX "ticket_expires_at_idx" ON "ticket"("expires_at");

-- CreateIndex
CREATE INDEX "event_xid_log_id_idx" ON "event"("xid", "log_id");

-- CreateIndex
CREATE UNIQUE INDEX "event_workspace_id_visitor_id_timestamp_key" ON "event"("workspace_id", "visitor_id", "timestamp");

-- CreateIndex
CREATE UNIQUE INDEX "alert_workspace_id_conversation_id_event_seq_step_key" ON "alert"("workspace_id", "conversation_id", "event_seq", "step");

-- AddForeignKey
ALTER TABLE "agent" ADD CONSTRAINT "agent_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspace"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "public_key" ADD CONSTRAINT "public_key_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspace"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "session" ADD CONSTRAINT "session_workspace_id_agent_id_fkey" FOREIGN KEY ("workspace_id", "agent_id") REFERENCES "agent"("workspace_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ticket" ADD CONSTRAINT "ticket_workspace_id_session_id_fkey" FOREIGN KEY ("workspace_id", "session_id") REFERENCES "session"("workspace_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "visitor" ADD CONSTRAINT "visitor_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspace"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "visitor_token" ADD CONSTRAINT "visitor_token_workspace_id_visitor_id_fkey" FOREIGN KEY ("workspace_id", "visitor_id") REFERENCES "visitor"("workspace_id", "visitor_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "conversation" ADD CONSTRAINT "conversation_workspace_id_visitor_id_fkey" FOREIGN KEY ("workspace_id", "visitor_id") REFERENCES "visitor"("workspace_id", "visitor_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "alert" ADD CONSTRAINT "alert_workspace_id_conversation_id_fkey" FOREIGN KEY ("workspace_id", "conversation_id") REFERENCES "conversation"("workspace_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- From here on by hand: what Prisma's language has no words for.

-- Checks: a second reader of the rules that the code keeps.
ALTER TABLE "agent" ADD CONSTRAINT "agent_email_lower" CHECK ("email" = lower("email"));
ALTER TABLE "conversation" ADD CONSTRAINT "conversation_status_known" CHECK ("status" IN ('open', 'closed'));
ALTER TABLE "conversation" ADD CONSTRAINT "conversation_last_from_known" CHECK ("last_from" IN ('visitor', 'agent'));
ALTER TABLE "event" ADD CONSTRAINT "event_stream_known" CHECK ("stream" IN ('public', 'internal'));
ALTER TABLE "event" ADD CONSTRAINT "event_seq_positive" CHECK ("seq" > 0);
ALTER TABLE "alert" ADD CONSTRAINT "alert_status_known" CHECK ("status" IN ('due', 'sent', 'cancelled'));

-- Every change of a thread updates its visitor's row; room on the page keeps such updates off the index.
ALTER TABLE "visitor" SET (fillfactor = 80);

-- A repeat of a message finds the first one, and two of them cannot both be stored.
CREATE UNIQUE INDEX "event_client_message_id_key" ON "event"("workspace_id", "visitor_id", "sender", "client_message_id")
  WHERE "client_message_id" IS NOT NULL;
-- Polls: messages alone, however many notes lie between them.
CREATE INDEX "event_message_timestamp_idx" ON "event"("workspace_id", "visitor_id", "timestamp") WHERE "name" = 'message.sent';
-- One current conversation per visitor.
CREATE UNIQUE INDEX "conversation_current_key" ON "conversation"("workspace_id", "visitor_id") WHERE "is_current";
-- The inbox, newest first, page by page.
CREATE INDEX "conversation_list_idx" ON "conversation"("workspace_id", "status", "updated_at" DESC, "id" DESC) WHERE "is_current";
-- The inbox of one agent, or of nobody.
CREATE INDEX "conversation_assignee_list_idx" ON "conversation"("workspace_id", "status", "assignee_id", "updated_at" DESC, "id" DESC)
  WHERE "is_current";
-- What is to ring; the rows that rang stay out of it.
CREATE INDEX "alert_due_idx" ON "alert"("due_at") WHERE "status" = 'due';
CREATE INDEX "alert_live_idx" ON "alert"("workspace_id", "conversation_id") WHERE "status" = 'due';

-- The role that services take on when they connect: it owns nothing and bypasses nothing, so row-level security holds for
-- it. Roles belong to the whole server, so it may be there already, or be made by somebody else in this very moment.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'dosti_app') THEN
    BEGIN
      CREATE ROLE dosti_app NOLOGIN NOINHERIT;
    EXCEPTION
      WHEN duplicate_object OR unique_violation THEN NULL;
      WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'The role dosti_app is missing and % may not create it. Run as an administrator: CREATE ROLE dosti_app NOLOGIN; GRANT dosti_app TO %;', current_user, quote_ident(current_user);
    END;
  END IF;
  IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    BEGIN
      EXECUTE format('GRANT dosti_app TO %I', current_user);
    EXCEPTION
      WHEN insufficient_privilege OR internal_error THEN
        IF NOT pg_has_role(current_user, 'dosti_app', 'MEMBER') THEN
          RAISE EXCEPTION '% is not a member of the role dosti_app. Run as an administrator: GRANT dosti_app TO %;', current_user, quote_ident(current_user);
        END IF;
    END;
  END IF;
END
$$;

GRANT USAGE ON SCHEMA public TO dosti_app;
GRANT SELECT, INSERT, UPDATE ON "workspace", "agent", "public_key", "session", "visitor", "visitor_token", "conversation", "alert", "log_cursor" TO dosti_app;
GRANT SELECT, INSERT, DELETE ON "ticket" TO dosti_app;
-- The log is append-only: services can neither change nor remove what was acknowledged.
GRANT SELECT, INSERT ON "event" TO dosti_app;

-- The second wall between tenants: a row is seen and written only within the workspaces that the transaction names in
-- dosti.scope; `*` is for looking credentials up, the follower of the log and the sweep. FORCE holds the owner to it too.
DO $$
DECLARE
  entry text[];
BEGIN
  FOREACH entry SLICE 1 IN ARRAY ARRAY[
    ['workspace', 'id'], ['agent', 'workspace_id'], ['public_key', 'workspace_id'], ['session', 'workspace_id'],
    ['ticket', 'workspace_id'], ['visitor', 'workspace_id'], ['visitor_token', 'workspace_id'],
    ['conversation', 'workspace_id'], ['event', 'workspace_id'], ['alert', 'workspace_id']
  ] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', entry[1]);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', entry[1]);
    -- The sub-select is run once per statement instead of once per row.
    EXECUTE format(
      'CREATE POLICY scope ON %I USING (
         (SELECT current_setting(''dosti.scope'', true)) = ''*''
         OR %I = ANY (string_to_array((SELECT current_setting(''dosti.scope'', true)), '','')))',
      entry[1], entry[2]);
  END LOOP;
END
$$;
