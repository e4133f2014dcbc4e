-- SPDX-License-Identifier: Apache-2.0
-- What happens, for those who want to hear of it. Whoever causes something writes it into the outbox, in the same transaction: it has
-- happened or it has not. A node then moves it into the log and gives it its position: positions appear in their order, so a reader who
-- has seen one has seen all before it. Webhooks are delivered from the log.
CREATE TABLE gateway.event_outbox (
  outbox_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  event_id   uuid NOT NULL DEFAULT gen_random_uuid(),
  type       text NOT NULL,                  -- "balance.low"
  at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  account_id uuid,
  carrier_id uuid,
  resource   text NOT NULL,                  -- "account:<id>": events of one resource are delivered in their order
  data       jsonb NOT NULL
);

CREATE TABLE gateway.event (
  position   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  event_id   uuid NOT NULL,
  type       text NOT NULL,
  at         timestamptz NOT NULL,
  account_id uuid,
  carrier_id uuid,
  resource   text NOT NULL,
  data       jsonb NOT NULL
);
CREATE INDEX event_account ON gateway.event (account_id, position) WHERE account_id IS NOT NULL;
CREATE INDEX event_carrier ON gateway.event (carrier_id, position) WHERE carrier_id IS NOT NULL;
CREATE INDEX event_at ON gateway.event (at);
CREATE INDEX event_type ON gateway.event (type, position);

CREATE TABLE gateway.webhook (
  webhook_id       uuid PRIMARY KEY,
  account_id       uuid REFERENCES gateway.subscriber ON DELETE CASCADE,  -- hears of this account alone; null: the operator's
  url              text NOT NULL CHECK (length(url) BETWEEN 8 AND 1000),  -- http, https, or mailto
  event_types      text[] NOT NULL,                                       -- empty: all that its owner may hear of
  description      text NOT NULL DEFAULT '',
  enabled          boolean NOT NULL DEFAULT true,
  secret           text NOT NULL,                                         -- of the signature
  old_secret       text NOT NULL DEFAULT '',                              -- signs beside it for a while
  old_secret_until timestamptz,
  created_at       timestamptz NOT NULL DEFAULT now(),
  next_at          timestamptz,               -- when it is to be looked at; null: nothing waits
  busy_until       timestamptz                -- somebody delivers; then that counts as failed
);
CREATE INDEX webhook_due ON gateway.webhook (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX webhook_account ON gateway.webhook (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX webhook_operator ON gateway.webhook (webhook_id) WHERE account_id IS NULL;

-- What is still to be delivered, and what was given up (failed_at): gone once it has been taken.
CREATE TABLE gateway.webhook_delivery (
  webhook_id uuid NOT NULL REFERENCES gateway.webhook ON DELETE CASCADE,
  position   bigint NOT NULL,
  resource   text NOT NULL,
  due_at     timestamptz NOT NULL DEFAULT now(),
  attempts   int NOT NULL DEFAULT 0,
  error      text NOT NULL DEFAULT '',        -- of the last attempt
  failed_at  timestamptz,
  PRIMARY KEY (webhook_id, position)
);
CREATE INDEX webhook_delivery_position ON gateway.webhook_delivery (position);
CREATE INDEX webhook_delivery_waiting ON gateway.webhook_delivery (webhook_id, position) WHERE failed_at IS NULL;
CREATE INDEX webhook_delivery_failed ON gateway.webhook_delivery (webhook_id, position) WHERE failed_at IS NOT NULL;

-- Subscribers' webhooks hear of nothing that is between the operator and others.
CREATE FUNCTION gateway.is_own_event(p_type text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN p_type NOT LIKE 'fraud.%' AND p_type NOT LIKE 'trunk.%';

-- Which webhooks hear of the events of these positions: the operator's, and the account's own.
CREATE FUNCTION gateway.webhooks_of_events(p_first bigint, p_last bigint) RETURNS TABLE (webhook_id uuid, "position" bigint, resource text)
LANGUAGE sql STABLE AS $$
  SELECT w.webhook_id, e.position, e.resource FROM gateway.event e JOIN gateway.webhook w ON w.account_id IS NULL
    WHERE e.position BETWEEN p_first AND p_last AND (w.event_types = '{}' OR e.type = ANY (w.event_types))
  UNION ALL
  SELECT w.webhook_id, e.position, e.resource FROM gateway.event e JOIN gateway.webhook w ON w.account_id = e.account_id
    WHERE e.position BETWEEN p_first AND p_last AND gateway.is_own_event(e.type) AND (w.event_types = '{}' OR e.type = ANY (w.event_types)) $$;

-- Moves up to p_limit events from the outbox into the log, and notes for which webhooks they are. One node at a time: the others find
-- nothing to do. Returns the newest position of the log.
CREATE FUNCTION gateway.sequence_events(p_limit int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  v_first bigint;
  v_last bigint;
BEGIN
  IF EXISTS (SELECT FROM gateway.event_outbox) AND pg_try_advisory_xact_lock(hashtextextended('gateway.sequence_events', 0)) THEN
    WITH taken AS (
      DELETE FROM gateway.event_outbox WHERE outbox_id IN (SELECT outbox_id FROM gateway.event_outbox ORDER BY outbox_id LIMIT p_limit)
        RETURNING *
    ), moved AS (
      INSERT INTO gateway.event (event_id, type, at, account_id, carrier_id, resource, data)
        SELECT event_id, type, at, account_id, carrier_id, resource, data FROM taken ORDER BY outbox_id
        RETURNING position
    )
    SELECT min(position), max(position) INTO v_first, v_last FROM moved;
    IF v_first IS NOT NULL THEN
      -- Its row is locked by whoever ends a delivery, too: neither misses what the other writes.
      PERFORM FROM gateway.webhook w WHERE w.webhook_id IN (SELECT x.webhook_id FROM gateway.webhooks_of_events(v_first, v_last) x)
        ORDER BY w.webhook_id FOR NO KEY UPDATE;
      WITH added AS (
        INSERT INTO gateway.webhook_delivery (webhook_id, position, resource)
          SELECT x.webhook_id, x.position, x.resource FROM gateway.webhooks_of_events(v_first, v_last) x
          RETURNING webhook_id
      )
      UPDATE gateway.webhook w SET next_at = coalesce(w.next_at, now()) WHERE w.webhook_id IN (SELECT webhook_id FROM added);
    END IF;
  END IF;
  RETURN (SELECT coalesce(max(position), 0) FROM gateway.event);
END $$;

-- ------------------------------------------------------------------------------------------------------------- what causes them
-- Credit, by the notices that devices get; and numbers.
CREATE FUNCTION gateway.note_account_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  v_type text := CASE NEW.kind
    WHEN 'credit_lapse_notice' THEN 'credit.expiring' WHEN 'credit_lapsed' THEN 'credit.expired'
    WHEN 'credit_reactivated' THEN 'credit.reactivated' WHEN 'credit_locked' THEN 'credit.locked'
    WHEN 'number_term_notice' THEN 'number.expiring' WHEN 'number_in_grace' THEN 'number.in_grace'
    WHEN 'number_withdrawn' THEN 'number.withdrawn' END;
BEGIN
  IF v_type IS NOT NULL THEN
    INSERT INTO gateway.event_outbox (type, account_id, resource, data)
      VALUES (v_type, NEW.account_id, CASE WHEN NEW.body ? 'number' THEN 'number:' || (NEW.body ->> 'number') ELSE 'account:' || NEW.account_id END, NEW.body);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER outbox AFTER INSERT ON billing.event FOR EACH ROW EXECUTE FUNCTION gateway.note_account_event();

-- A limit against fraud: once an hour for each scope and measure.
CREATE FUNCTION gateway.note_fraud_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO gateway.event_outbox (type, account_id, resource, data)
    VALUES ('fraud.limit', CASE WHEN NEW.scope ~ '^[0-9a-f]{8}-' THEN NEW.scope::uuid END, 'fraud:' || NEW.scope, jsonb_build_object(
      'scope', NEW.scope, 'measure', NEW.measure, 'currency', nullif(NEW.currency, ''), 'figure', NEW.figure, 'most', NEW.most,
      'action', NEW.action, 'call_id', NEW.call_id));
  RETURN NULL;
END $$;
CREATE TRIGGER outbox AFTER INSERT ON billing.fraud_event FOR EACH ROW EXECUTE FUNCTION gateway.note_fraud_event();

CREATE FUNCTION gateway.note_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO gateway.event_outbox (type, account_id, resource, data)
    VALUES ('voicemail.received', NEW.account_id, 'mailbox:' || NEW.account_id, jsonb_build_object(
      'message_id', NEW.message_id, 'call_id', NEW.call_id, 'caller', NEW.caller, 'called', NEW.called, 'duration_ms', NEW.duration_ms));
  RETURN NULL;
END $$;
CREATE TRIGGER outbox AFTER INSERT ON voicemail.message FOR EACH ROW EXECUTE FUNCTION gateway.note_message();

-- The credit after which an account counts as low; 0: it never does. At first a fifth of the least top-up of its currency.
ALTER TABLE billing.account ADD COLUMN low_balance_micros bigint CHECK (low_balance_micros >= 0);
CREATE FUNCTION billing.usual_low_balance(p_currency text) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT coalesce((SELECT least_top_up_micros FROM billing.currency WHERE currency = p_currency), 10000000) / 5 $$;
ALTER TABLE billing.account DISABLE TRIGGER USER;
UPDATE billing.account SET low_balance_micros = billing.usual_low_balance(currency);
ALTER TABLE billing.account ENABLE TRIGGER USER;
CREATE FUNCTION billing.set_low_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.low_balance_micros := billing.usual_low_balance(NEW.currency);
  RETURN NEW;
END $$;
CREATE TRIGGER low_balance BEFORE INSERT ON billing.account FOR EACH ROW WHEN (NEW.low_balance_micros IS NULL)
  EXECUTE FUNCTION billing.set_low_balance();

CREATE FUNCTION gateway.note_low_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.posted_micros < NEW.low_balance_micros THEN RETURN NULL; END IF;  -- it was low before
  INSERT INTO gateway.event_outbox (type, account_id, resource, data)
    VALUES ('balance.low', NEW.account_id, 'account:' || NEW.account_id, jsonb_build_object(
      'balance_micros', NEW.posted_micros::bigint, 'low_balance_micros', NEW.low_balance_micros, 'currency', NEW.currency));
  RETURN NULL;
END $$;
-- Asked only where credit is moved. PostgreSQL reads the condition anew at every such statement: the shortest is the best (3 µs).
CREATE TRIGGER low_balance_outbox AFTER UPDATE OF posted_micros ON billing.account FOR EACH ROW
  WHEN (NEW.posted_micros < NEW.low_balance_micros)
  EXECUTE FUNCTION gateway.note_low_balance();
