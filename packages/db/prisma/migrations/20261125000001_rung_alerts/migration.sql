-- Gateways look up who was rung for of late and still waits.
CREATE INDEX "alert_rung_idx" ON "alert"("workspace_id", "finished_at") WHERE "status" = 'sent';
