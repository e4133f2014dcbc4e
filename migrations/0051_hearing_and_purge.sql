-- SPDX-License-Identifier: Apache-2.0
-- Hearing that does not fail where nothing can be written, and the purge of mailboxes with days of their own by an index.

-- Somebody hears the message: it is not purged meanwhile. What keeps the row from being written is passed over.
CREATE FUNCTION voicemail.mark_as_played(p_account uuid, p_message uuid, p_spare_s bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE voicemail.message SET played_until = now() + duration_ms * interval '1 millisecond' + p_spare_s * interval '1 second'
    WHERE account_id = p_account AND message_id = p_message
      AND (played_until IS NULL OR played_until < now() + p_spare_s * interval '0.5 second');
  RETURN FOUND;
EXCEPTION WHEN read_only_sql_transaction OR insufficient_resources OR disk_full OR out_of_memory OR io_error THEN
  RETURN false;
END $$;

-- What is old in one mailbox, without a walk over the rest of it.
CREATE INDEX message_received_in_box ON voicemail.message (account_id, received_at);
CREATE INDEX mailbox_keeping ON voicemail.mailbox (account_id) WHERE keep_days > 0;
