-- SPDX-License-Identifier: Apache-2.0
-- Message waiting indication (RFC 3842): a user agent is told the counts of a mailbox whenever they change.
ALTER TABLE voicemail.notification_target
  DROP CONSTRAINT notification_target_channel_check,
  ADD CONSTRAINT notification_target_channel_check CHECK (channel IN ('email', 'webhook', 'mwi'));   -- mwi: a SIP URI

-- Of mwi the nil UUID is the message: only the counts as they are when they are told are of interest, and one row is enough. Its
-- revision grows with each change, so that one during the telling is told after it.
ALTER TABLE voicemail.notification ADD COLUMN revision int NOT NULL DEFAULT 0;

CREATE FUNCTION voicemail.note_counts(p_account uuid) RETURNS void LANGUAGE sql AS $$
  INSERT INTO voicemail.notification AS n (account_id, channel, message_id)
    SELECT account_id, channel, '00000000-0000-0000-0000-000000000000' FROM voicemail.notification_target
    WHERE account_id = p_account AND channel = 'mwi'
    ON CONFLICT (account_id, channel, message_id)
    DO UPDATE SET revision = n.revision + 1, due_at = now(), attempts = 0, failed_at = NULL $$;

CREATE OR REPLACE FUNCTION voicemail.note_notification() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO voicemail.notification (account_id, channel, message_id)
      SELECT account_id, channel, NEW.message_id FROM voicemail.notification_target
      WHERE account_id = NEW.account_id AND channel <> 'mwi'
      ON CONFLICT DO NOTHING;
    PERFORM voicemail.note_counts(NEW.account_id);
  ELSIF TG_OP = 'UPDATE' THEN
    IF OLD.state <> NEW.state OR (OLD.deleted_at IS NULL) <> (NEW.deleted_at IS NULL) THEN
      PERFORM voicemail.note_counts(NEW.account_id);
    END IF;
  ELSIF OLD.deleted_at IS NULL THEN               -- a deleted one counted for nothing before
    PERFORM voicemail.note_counts(OLD.account_id);
  END IF;
  RETURN NULL;
END $$;
DROP TRIGGER message_notification ON voicemail.message;
CREATE TRIGGER message_notification AFTER INSERT OR UPDATE OF state, deleted_at OR DELETE ON voicemail.message
  FOR EACH ROW EXECUTE FUNCTION voicemail.note_notification();
