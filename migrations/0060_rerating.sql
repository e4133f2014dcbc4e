-- SPDX-License-Identifier: Apache-2.0
-- Calls of a time rated anew by another version of a rate deck: as a report, and as corrections with entries of their own. A CDR stays as it
-- is: what was corrected stands beside it. billing/README.md tells the rules.

-- As before, and entries of re-ratings, which stand against the revenue of calls either way.
CREATE OR REPLACE FUNCTION billing.entry_is_sound(p_kind text, p_contra text, p_amount bigint, p_after bigint) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  IF p_kind = 'call' THEN RETURN coalesce(p_contra = 'call_revenue' AND p_amount < 0 AND p_after >= 0, false); END IF;
  RETURN coalesce(p_after >= 0 AND CASE p_kind
    WHEN 'correction' THEN p_contra = 'call_revenue' AND p_amount <> 0
    WHEN 'rerating' THEN p_contra = 'call_revenue' AND p_amount <> 0
    WHEN 'top_up' THEN p_contra = 'cash' AND p_amount > 0
    WHEN 'refund' THEN p_contra = 'refunds' AND p_amount < 0
    WHEN 'goodwill' THEN p_contra = 'goodwill' AND p_amount > 0
    WHEN 'adjustment' THEN p_contra = 'adjustments' AND p_amount <> 0
    WHEN 'voucher' THEN p_contra = 'vouchers' AND p_amount > 0
    WHEN 'subscription' THEN p_contra = 'subscription_revenue' AND p_amount < 0
    WHEN 'subscription_refund' THEN p_contra = 'subscription_refunds' AND p_amount > 0
    WHEN 'lapse' THEN p_contra = 'inactive_credit' AND p_amount < 0
    WHEN 'reactivation' THEN p_contra = 'inactive_credit' AND p_amount > 0
    ELSE false END, false);
END $$;

-- What was ordered, and how far it is. The calls that began (by their ids) in [from_at, until_at) and were rated by the deck rated_by, in any of
-- its versions or one, of one account or all.
CREATE TABLE billing.rerating (
  rerating_id      text PRIMARY KEY CHECK (rerating_id <> ''),
  deck_version_id  int NOT NULL REFERENCES billing.deck_version,  -- by which they are rated anew
  rated_by         text NOT NULL REFERENCES billing.deck,
  rated_by_version int,
  account_id       uuid REFERENCES billing.account,
  from_at          timestamptz NOT NULL,
  until_at         timestamptz NOT NULL CHECK (until_at > from_at),
  note             text NOT NULL DEFAULT '',
  begun_at         timestamptz NOT NULL DEFAULT now(),
  done_account     uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',  -- the last call that is done
  done_call        uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  ended_at         timestamptz
);
CREATE INDEX rerating_begun ON billing.rerating (begun_at);

CREATE TABLE billing.rerated_call (
  account_id    uuid NOT NULL,
  call_id       uuid NOT NULL,
  rerating_id   text NOT NULL REFERENCES billing.rerating,
  rate_id       bigint NOT NULL,
  billed_s      int NOT NULL,
  before_micros bigint NOT NULL,                -- what the ledger had taken for the call
  price_micros  bigint NOT NULL,                -- what it should have
  amount_micros bigint NOT NULL,                -- of the entry: positive, given back
  lacking_micros bigint NOT NULL CHECK (lacking_micros >= 0),  -- of what was to be taken: the free credit did not have it
  sequence      bigint,                         -- of the entry; null: there was no credit at all
  PRIMARY KEY (account_id, call_id, rerating_id),
  CHECK (price_micros - before_micros = lacking_micros - amount_micros),
  CHECK ((sequence IS NULL) = (amount_micros = 0))
);
CREATE INDEX rerated_call_of ON billing.rerated_call (rerating_id, account_id, call_id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON billing.rerated_call
  FOR EACH STATEMENT EXECUTE FUNCTION billing.refuse_change();

-- "+4420" as {4,44,442,4420}: what a rate's prefix may be.
CREATE FUNCTION billing.prefixes_of(p_callee text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN (SELECT array_agg(left(d, n)) FROM (SELECT left(regexp_replace(p_callee, '[^0-9]', '', 'g'), 15) AS d) x, generate_series(1, length(d)) n);

-- A call by a version of a deck: the longest prefix that was in force when it began. No row: the version has no price for it. What was cut off at
-- the paid second, and so billed for less than its talk time, is rated for what it was billed for.
CREATE FUNCTION billing.rated_by(p_version int, p_callee text, p_began timestamptz, p_talk_ms bigint, p_billed_s int, p_initial_s int, p_next_s int,
  p_free_start_s int) RETURNS TABLE (rate_id bigint, prefix text, billed_s int, price_micros bigint) LANGUAGE sql STABLE AS $$
  SELECT r.rate_id, r.prefix, b.billed_s, billing.price_of(b.billed_s, r.connection_fee_micros, r.price_per_minute_micros, r.included_s)
    FROM (SELECT * FROM billing.rate x WHERE x.deck_version_id = p_version AND x.prefix = ANY (billing.prefixes_of(p_callee))
            AND x.effective_from <= p_began AND x.effective_until > p_began ORDER BY length(x.prefix) DESC LIMIT 1) r,
    LATERAL (SELECT CASE
        WHEN p_billed_s >= billing.billed_seconds(p_talk_ms, p_initial_s, p_next_s, p_free_start_s)
          THEN billing.billed_seconds(p_talk_ms, r.initial_increment_s, r.next_increment_s, r.free_start_s)
        WHEN p_talk_ms <= r.free_start_s * 1000::bigint THEN 0
        ELSE billing.billed_seconds(p_billed_s * 1000::bigint, r.initial_increment_s, r.next_increment_s, 0) END AS billed_s) b $$;

-- The calls in question, as they are and as they would be (rate_id null: no price; provisional: the true stop record may still come and be charged
-- by the old rate, so that they are told but not corrected). before_micros is what the ledger has taken until now, with earlier re-ratings: so doing
-- the same again finds nothing to do.
CREATE FUNCTION billing.calls_rated_anew(p_version int, p_rated_by text, p_rated_by_version int, p_account uuid, p_from timestamptz, p_until timestamptz)
RETURNS TABLE (account_id uuid, call_id uuid, began timestamptz, callee text, talk_ms bigint, prefix_before text, billed_before_s int, before_micros bigint,
  rate_id bigint, prefix text, billed_s int, price_micros bigint, provisional boolean) LANGUAGE sql STABLE AS $$
  SELECT c.account_id, c.call_id, c.began, c.callee, c.talk_ms, c.rate_prefix, c.billed_s,
         c.charged_micros - coalesce((SELECT sum(p.amount_micros)::bigint FROM billing.rerated_call p
                                        WHERE p.account_id = c.account_id AND p.call_id = c.call_id), 0),
         n.rate_id, n.prefix, n.billed_s, n.price_micros, c.settled_by = 'reaper'
    FROM (SELECT *, coalesce(started_at, answered_at, written_at) AS began FROM billing.cdr) c
      JOIN billing.rate o ON o.rate_id = c.rate_id
      JOIN billing.deck_version v ON v.deck_version_id = o.deck_version_id
      LEFT JOIN LATERAL billing.rated_by(p_version, c.callee, c.began, c.talk_ms, c.billed_s, c.initial_increment_s, c.next_increment_s,
                                         c.free_start_s) n ON true
    WHERE c.call_id >= billing.call_id_from(p_from) AND c.call_id < billing.call_id_from(p_until) AND c.settled_by <> 'refused' AND c.talk_ms > 0
      AND (p_account IS NULL OR c.account_id = p_account)
      AND v.deck = p_rated_by AND (p_rated_by_version IS NULL OR v.version = p_rated_by_version) $$;

-- Orders it, once by its id: begun, known (perhaps with something left to do), reference_conflict (the id stands for another order).
CREATE FUNCTION billing.begin_rerating(p_id text, p_version int, p_rated_by text, p_rated_by_version int, p_account uuid, p_from timestamptz,
  p_until timestamptz, p_note text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r billing.rerating;
BEGIN
  INSERT INTO billing.rerating (rerating_id, deck_version_id, rated_by, rated_by_version, account_id, from_at, until_at, note)
    VALUES (p_id, p_version, p_rated_by, p_rated_by_version, p_account, p_from, p_until, p_note) ON CONFLICT DO NOTHING;
  IF FOUND THEN RETURN 'begun'; END IF;
  SELECT * INTO STRICT r FROM billing.rerating WHERE rerating_id = p_id;
  RETURN CASE WHEN (r.deck_version_id, r.rated_by, r.from_at, r.until_at) = (p_version, p_rated_by, p_from, p_until)
                AND r.rated_by_version IS NOT DISTINCT FROM p_rated_by_version AND r.account_id IS NOT DISTINCT FROM p_account
              THEN 'known' ELSE 'reference_conflict' END;
END $$;

-- Enters the corrections of up to p_limit more calls, in the order of account and call; true: nothing is left. In one transaction: entries, what
-- stands beside the CDRs, and how far it is. Two at once of the same id go one after the other. Locks accounts in the order of their ids.
CREATE FUNCTION billing.advance_rerating(p_id text, p_limit int) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  r billing.rerating;
  x record;
  c record;
  a record;
  v_before bigint;
  v_amount bigint;
  v_wanted bigint;
  v_sequence bigint;
  v_seen int := 0;
  v_accounts uuid[];
  v_calls uuid[];
BEGIN
  SELECT * INTO STRICT r FROM billing.rerating WHERE rerating_id = p_id FOR NO KEY UPDATE;
  IF r.ended_at IS NOT NULL THEN RETURN true; END IF;
  -- They are found first and locked afterwards: no account is kept from its calls while the time is read.
  SELECT array_agg(t.account_id ORDER BY t.account_id, t.call_id), array_agg(t.call_id ORDER BY t.account_id, t.call_id) INTO v_accounts, v_calls FROM (
    SELECT n.account_id, n.call_id FROM billing.calls_rated_anew(r.deck_version_id, r.rated_by, r.rated_by_version, r.account_id, r.from_at, r.until_at) n
      WHERE (n.account_id, n.call_id) > (r.done_account, r.done_call) AND n.price_micros <> n.before_micros AND NOT n.provisional
      ORDER BY n.account_id, n.call_id LIMIT p_limit) t;
  FOR x IN SELECT * FROM unnest(v_accounts, v_calls) AS u (account_id, call_id) LOOP
    v_seen := v_seen + 1;
    r.done_account := x.account_id; r.done_call := x.call_id;
    SELECT posted_micros - held_micros AS available, held_micros AS held INTO a
      FROM billing.account WHERE account_id = x.account_id FOR NO KEY UPDATE;
    -- Again, now that nothing can change it: a late stop record, or another re-rating, may have come since.
    SELECT d.callee, d.charged_micros, n.rate_id, n.billed_s, n.price_micros INTO c
      FROM billing.cdr d, LATERAL billing.rated_by(r.deck_version_id, d.callee, coalesce(d.started_at, d.answered_at, d.written_at), d.talk_ms,
        d.billed_s, d.initial_increment_s, d.next_increment_s, d.free_start_s) n
      WHERE d.account_id = x.account_id AND d.call_id = x.call_id;
    CONTINUE WHEN NOT FOUND;
    v_before := c.charged_micros - coalesce((SELECT sum(amount_micros)::bigint FROM billing.rerated_call
                                               WHERE account_id = x.account_id AND call_id = x.call_id), 0);
    v_wanted := v_before - c.price_micros;
    CONTINUE WHEN v_wanted = 0;
    v_amount := greatest(v_wanted, -a.available);  -- never more than is free
    v_sequence := NULL;
    IF v_amount <> 0 THEN
      SELECT e.sequence INTO v_sequence FROM billing.post_entry(x.account_id, 'rerating', 'call_revenue', v_amount, p_id || '/' || x.call_id,
        c.callee, v_amount > 0) e;
    END IF;
    INSERT INTO billing.rerated_call VALUES (x.account_id, x.call_id, p_id, c.rate_id, c.billed_s, v_before, c.price_micros, v_amount,
      v_amount - v_wanted, v_sequence);
    IF v_amount > 0 AND a.held > 0 THEN PERFORM pg_notify('tollgate_credit', x.account_id::text); END IF;
  END LOOP;
  UPDATE billing.rerating SET done_account = r.done_account, done_call = r.done_call, ended_at = CASE WHEN v_seen < p_limit THEN now() END
    WHERE rerating_id = p_id;
  RETURN v_seen < p_limit;
END $$;

CREATE VIEW billing.rerating_violation AS
  SELECT 're-rating of a call is not its entry' AS what, account_id, coalesce(e.amount_micros, 0) - coalesce(c.amount_micros, 0) AS difference
    FROM (SELECT account_id, sequence, amount_micros, reference FROM billing.entry WHERE kind = 'rerating') e
    FULL JOIN (SELECT account_id, sequence, amount_micros, rerating_id || '/' || call_id AS reference FROM billing.rerated_call
                 WHERE sequence IS NOT NULL) c USING (account_id, sequence, reference)
    WHERE e.amount_micros IS DISTINCT FROM c.amount_micros
  UNION ALL SELECT 'more was given back for a call than was taken', account_id, (c.charged_micros - x.given)::bigint
    FROM billing.cdr c JOIN (SELECT account_id, call_id, sum(amount_micros) AS given FROM billing.rerated_call GROUP BY 1, 2) x USING (account_id, call_id)
    WHERE x.given > c.charged_micros;
DO $$
DECLARE v_all text;
BEGIN
  SELECT string_agg(format('SELECT * FROM billing.%I', viewname), ' UNION ALL ' ORDER BY viewname) INTO v_all
    FROM pg_views WHERE schemaname = 'billing' AND viewname LIKE '%\_violation';
  EXECUTE 'CREATE OR REPLACE VIEW billing.violation AS ' || v_all;
END $$;
