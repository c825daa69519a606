-- Every process asks each half second what was revoked or has ended a moment ago (P4); these keep the answer small.
CREATE INDEX "session_revoked_at_idx" ON "session"("revoked_at") WHERE "revoked_at" IS NOT NULL;
CREATE INDEX "session_expires_at_idx" ON "session"("expires_at");
CREATE INDEX "public_key_revoked_at_idx" ON "public_key"("revoked_at") WHERE "revoked_at" IS NOT NULL;
