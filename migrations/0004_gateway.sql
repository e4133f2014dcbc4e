-- SPDX-License-Identifier: Apache-2.0
-- Subscribers, their devices' log-ins, and who may use the REST API.
CREATE SCHEMA IF NOT EXISTS gateway;

CREATE TABLE gateway.subscriber (
  account_id      uuid PRIMARY KEY,
  name            text NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,62}[a-z0-9]$|^[a-z0-9]$'),  -- folded to lower case
  passphrase_hash text NOT NULL CHECK (passphrase_hash LIKE '$argon2id$%'),
  region          char(2) NOT NULL CHECK (region ~ '^[A-Z]{2}$'),    -- ISO 3166-1: how national forms of numbers are read
  display_name    text NOT NULL DEFAULT '' CHECK (length(display_name) <= 100),
  status          text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'blocked', 'closed')),
  ring_timeout_s  int NOT NULL DEFAULT 20 CHECK (ring_timeout_s BETWEEN 5 AND 120),
  created_at      timestamptz NOT NULL DEFAULT now(),
  changed_at      timestamptz NOT NULL DEFAULT now(),
  UNIQUE (name)
);

-- Pass-phrases tried and found wrong, for the lock-out of a name and of an address; cleared by a right one and by age.
CREATE TABLE gateway.login_failure (
  subject   text NOT NULL CHECK (length(subject) <= 200),    -- 'name:...' or 'address:...'
  failed_at timestamptz NOT NULL
);
CREATE INDEX login_failure_subject ON gateway.login_failure (subject, failed_at);
CREATE INDEX login_failure_age ON gateway.login_failure (failed_at);

-- Bearer tokens of admins. Only the SHA-256 is kept: the token is 256 random bits, so it needs no slow hash.
CREATE TABLE gateway.admin_token (
  token_id     uuid PRIMARY KEY,
  token_sha256 bytea NOT NULL UNIQUE CHECK (length(token_sha256) = 32),
  label        text NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  revoked_at   timestamptz
);

-- Who changed what over the API; append-only.
CREATE TABLE gateway.audit (
  at         timestamptz NOT NULL DEFAULT now(),
  request_id uuid PRIMARY KEY,
  token_id   uuid,
  address    text NOT NULL,
  method     text NOT NULL,
  target     text NOT NULL,
  status     int NOT NULL
);
CREATE INDEX audit_at ON gateway.audit (at);

CREATE FUNCTION gateway.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON gateway.audit
  FOR EACH ROW EXECUTE FUNCTION gateway.refuse_change();
