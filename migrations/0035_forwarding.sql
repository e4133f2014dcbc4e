-- SPDX-License-Identifier: Apache-2.0
-- Telephones that the calls to a number go on to when no device takes them, at the cost of its owner.
CREATE TABLE voicemail.forward_target (
  number     text COLLATE "C" NOT NULL REFERENCES voicemail.inbound_rules (number) ON DELETE CASCADE,
  place      int NOT NULL CHECK (place BETWEEN 0 AND 2),                 -- one after the other
  target     text COLLATE "C" NOT NULL CHECK (target ~ '^\+[1-9][0-9]{1,14}$'),
  situations int NOT NULL CHECK (situations BETWEEN 1 AND 15),           -- bit 0: busy, 1: no answer, 2: no device attached, 3: always
  ring_s     int NOT NULL CHECK (ring_s BETWEEN 5 AND 120),
  PRIMARY KEY (number, place),
  UNIQUE (number, target)
);
