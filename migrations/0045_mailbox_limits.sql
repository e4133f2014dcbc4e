-- SPDX-License-Identifier: Apache-2.0
-- Mailboxes with limits of their own, changes that every node hears of, and whether a message could be stored at all.

-- Null: the carrier's.
ALTER TABLE voicemail.mailbox
  ADD COLUMN limit_messages int    CHECK (limit_messages BETWEEN 1 AND 100000),
  ADD COLUMN limit_s        int    CHECK (limit_s BETWEEN 60 AND 360000),
  ADD COLUMN limit_bytes    bigint CHECK (limit_bytes BETWEEN 65536 AND 1099511627776),
  ADD COLUMN keep_days      int    CHECK (keep_days BETWEEN 0 AND 36500);       -- 0: until they are deleted
CREATE INDEX mailbox_keep_days ON voicemail.mailbox (account_id) WHERE keep_days IS NOT NULL;

-- The counts have changed: owners' telephones are told by a row (RFC 3842), devices by whatever node they are attached to. Only the
-- account is named: a node reads the counts when it tells them.
CREATE FUNCTION voicemail.tell_counts(p_account uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM voicemail.note_counts(p_account);
  PERFORM pg_notify('tollgate_mailbox', p_account::text);
END $$;

CREATE OR REPLACE FUNCTION voicemail.note_notification() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO voicemail.notification (account_id, channel, message_id)
      SELECT account_id, channel, NEW.message_id FROM voicemail.notification_target
      WHERE account_id = NEW.account_id AND channel <> 'mwi'
      ON CONFLICT DO NOTHING;
    PERFORM voicemail.tell_counts(NEW.account_id);
  ELSIF TG_OP = 'UPDATE' THEN
    IF OLD.state <> NEW.state OR (OLD.deleted_at IS NULL) <> (NEW.deleted_at IS NULL) THEN
      PERFORM voicemail.tell_counts(NEW.account_id);
    END IF;
  ELSIF OLD.deleted_at IS NULL THEN               -- a deleted one counted for nothing before
    PERFORM voicemail.tell_counts(OLD.account_id);
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER number_event_not_emptied BEFORE TRUNCATE ON voicemail.number_event
  FOR EACH STATEMENT EXECUTE FUNCTION voicemail.refuse_change();

-- As much as a message takes is written here and taken away again, where a caller must know beforehand whether it can be kept.
CREATE TABLE voicemail.store_probe (
  probe_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  audio    bytea NOT NULL
);
ALTER TABLE voicemail.store_probe ALTER COLUMN audio SET STORAGE EXTERNAL;
