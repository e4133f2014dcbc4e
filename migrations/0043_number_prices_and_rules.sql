-- SPDX-License-Identifier: Apache-2.0
-- What single numbers cost, and what is asked by country of who rents one.

-- In place of the general price of that term (billing.subscription_term). It stays with the number, whoever rents it.
CREATE TABLE voicemail.number_price (
  number       text COLLATE "C" NOT NULL REFERENCES voicemail.number (number),
  currency     billing.currency_code NOT NULL REFERENCES billing.currency (currency),
  months       int NOT NULL CHECK (months BETWEEN 1 AND 120),
  price_micros bigint NOT NULL CHECK (price_micros BETWEEN 1 AND 1000000000000000),
  PRIMARY KEY (number, currency, months)
);

-- What a term of a number costs; null: it is not on sale.
CREATE FUNCTION voicemail.price_of(p_number text, p_currency text, p_months int) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(
    (SELECT n.price_micros FROM voicemail.number_price n WHERE n.number = p_number AND n.currency = p_currency::bpchar AND n.months = p_months),
    (SELECT t.price_micros FROM billing.subscription_term t WHERE t.currency = p_currency::bpchar AND t.months = p_months)) $$;

-- A country without a row asks for nothing.
CREATE TABLE voicemail.country_rule (
  country           text PRIMARY KEY CHECK (country ~ '^([A-Z]{2}|001)$'),            -- as voicemail.number has it
  address           text NOT NULL CHECK (address IN ('none', 'any', 'country', 'area')), -- known, and where: anywhere, there, in the number's area
  identity          boolean NOT NULL,                                                 -- the operator has seen who it is
  least_term_months int NOT NULL CHECK (least_term_months BETWEEN 1 AND 120),
  most_numbers      int CHECK (most_numbers BETWEEN 1 AND 1000000),                   -- of one account; null: any
  note              text NOT NULL DEFAULT ''                                          -- for people
);

-- Who an account is towards suppliers and authorities.
CREATE TABLE voicemail.renter (
  account_id    uuid PRIMARY KEY,
  name          text NOT NULL CHECK (name <> ''),
  street        text NOT NULL CHECK (street <> ''),
  postal_code   text NOT NULL,
  city          text NOT NULL CHECK (city <> ''),
  country       text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
  identified_at timestamptz,                                    -- when the operator saw it proved; null: not, or not this one
  changed_at    timestamptz NOT NULL
);
