-- SPDX-License-Identifier: Apache-2.0
-- Telling owners of their messages by e-mail and webhook.
CREATE TABLE voicemail.notification_target (
  account_id uuid NOT NULL,
  channel    text NOT NULL CHECK (channel IN ('email', 'webhook')),
  address    text NOT NULL,                       -- an e-mail address, a URL
  with_audio boolean NOT NULL DEFAULT false,      -- the e-mail has the recording
  secret     text NOT NULL DEFAULT '',            -- of the webhook's signature
  PRIMARY KEY (account_id, channel)
);

-- What is still to be told: written with the message, so that neither is without the other; gone once it has been told.
CREATE TABLE voicemail.notification (
  account_id uuid NOT NULL,
  channel    text NOT NULL,
  message_id uuid NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  due_at     timestamptz NOT NULL DEFAULT now(),  -- while somebody is telling it: when that counts as having failed
  attempts   int NOT NULL DEFAULT 0,
  error      text NOT NULL DEFAULT '',            -- of the last attempt
  failed_at  timestamptz,                         -- given up
  PRIMARY KEY (account_id, channel, message_id)
);
CREATE INDEX notification_due ON voicemail.notification (due_at) WHERE failed_at IS NULL;
CREATE INDEX notification_failed ON voicemail.notification (failed_at) WHERE failed_at IS NOT NULL;

CREATE FUNCTION voicemail.note_notification() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO voicemail.notification (account_id, channel, message_id)
    SELECT account_id, channel, NEW.message_id FROM voicemail.notification_target WHERE account_id = NEW.account_id
    ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER message_notification AFTER INSERT ON voicemail.message
  FOR EACH ROW EXECUTE FUNCTION voicemail.note_notification();
