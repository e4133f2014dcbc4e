-- SPDX-License-Identifier: Apache-2.0
-- Devices' credentials end before their time: each bears the generation of its subscriber's credentials in which it was made, and is good in
-- that one only. A number and no time: neither a second in which both fall nor two clocks can put an old credential behind the change.
ALTER TABLE gateway.subscriber ADD COLUMN credential_generation bigint NOT NULL DEFAULT 0;

-- A new pass-phrase, and the end of being active, end all credentials, whoever writes it; so does one who raises the generation.
CREATE FUNCTION gateway.end_credentials() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF new.credential_generation = old.credential_generation THEN new.credential_generation := old.credential_generation + 1; END IF;
  RETURN new;
END $$;
CREATE TRIGGER end_credentials BEFORE UPDATE ON gateway.subscriber FOR EACH ROW
  WHEN (new.passphrase_hash IS DISTINCT FROM old.passphrase_hash OR (new.status <> old.status AND new.status <> 'active'))
  EXECUTE FUNCTION gateway.end_credentials();

-- Every node is told, and ends what it has of them (gateway/change_listener.hpp).
CREATE FUNCTION gateway.tell_credentials_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('tollgate_credentials', new.account_id::text);
  RETURN NULL;
END $$;
CREATE TRIGGER tell_credentials_ended AFTER UPDATE ON gateway.subscriber FOR EACH ROW
  WHEN (new.credential_generation IS DISTINCT FROM old.credential_generation)
  EXECUTE FUNCTION gateway.tell_credentials_ended();
