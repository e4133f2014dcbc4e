-- SPDX-License-Identifier: Apache-2.0
-- What records and events are looked for by, in the order in which they are listed. Where nearly every row has a value
-- (16, normal clearing; 200, answered) a page is full at once without an index, and the index leaves those rows out: settling a call writes
-- as few of these as its record has something rare to be found by. Numbers have none: written in no order, the two of a record cost
-- a quarter of its insertion; they are looked for in an account or a period.
CREATE INDEX cdr_trunk ON billing.cdr (trunk, call_id) WHERE trunk <> '';
CREATE INDEX cdr_carrier ON billing.cdr (carrier_id, call_id) WHERE carrier_id IS NOT NULL;
CREATE INDEX cdr_region ON billing.cdr (destination, call_id) WHERE destination <> '';
CREATE INDEX cdr_cause ON billing.cdr (q850_cause, call_id) WHERE q850_cause NOT IN (0, 16);
CREATE INDEX cdr_sip_code ON billing.cdr (sip_code, call_id) WHERE sip_code NOT IN (0, 200);
CREATE INDEX cdr_long ON billing.cdr (call_id) WHERE talk_ms >= 600000;

CREATE INDEX event_resource ON gateway.event (resource, position);
