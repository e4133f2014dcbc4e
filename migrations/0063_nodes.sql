-- SPDX-License-Identifier: Apache-2.0
-- The gateways on this database as they tell of themselves, what they were asked through another one; and the dial policy that
-- holds for all of them where one was set at run time.

CREATE TABLE gateway.node (
  node            text PRIMARY KEY,
  instance        uuid NOT NULL,                 -- one run of it
  started_at      timestamptz NOT NULL,
  seen_at         timestamptz NOT NULL DEFAULT now(),
  draining        boolean NOT NULL,
  stopping        boolean NOT NULL,              -- ends after its last call
  not_ready       text NOT NULL,                 -- why it takes no calls, parted by commas
  calls           int NOT NULL,
  sessions        int NOT NULL,
  overlay_address text NOT NULL,
  sip_address     text NOT NULL,
  order_number    bigint NOT NULL DEFAULT 0,     -- counts what it was asked; it obeys each once
  order_wish      text NOT NULL DEFAULT 'serve' CHECK (order_wish IN ('serve', 'drain', 'stop'))
) WITH (fillfactor = 50);                        -- a row is written every other second

CREATE FUNCTION gateway.notify_nodes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('tollgate_nodes', NEW.node);
  RETURN NULL;
END $$;
CREATE TRIGGER notify AFTER UPDATE OF order_number ON gateway.node FOR EACH ROW EXECUTE FUNCTION gateway.notify_nodes();

-- At most one row. Without it each gateway's configuration holds.
CREATE TABLE gateway.dial_policy (
  is_only        boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  premium_rate   boolean NOT NULL,
  shared_cost    boolean NOT NULL,
  satellite      boolean NOT NULL,
  high_risk      boolean NOT NULL,
  open_prefixes  text[] NOT NULL,
  shut_prefixes  text[] NOT NULL,
  countries      text[] NOT NULL,                -- ISO 3166; empty: all
  shut_countries text[] NOT NULL,
  changed_at     timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION gateway.notify_dial_policy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('tollgate_dial_policy', '');
  RETURN NULL;
END $$;
CREATE TRIGGER notify AFTER INSERT OR UPDATE OR DELETE ON gateway.dial_policy FOR EACH STATEMENT EXECUTE FUNCTION gateway.notify_dial_policy();
