-- SPDX-License-Identifier: Apache-2.0
-- Hearing that does not fail where nothing can be written, the purge of mailboxes with days of their own by an index, numbers in grace
-- by an index, and the hours of the owner's own country.

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

-- Whose owners are looked after: they may have topped up since.
CREATE INDEX number_in_grace ON voicemail.number (number) WHERE state = 'grace' AND auto_renew;

-- Countries with one time: that of all zones of zone.tab (tzdata 2025b) which have been alike since 2000.
CREATE TABLE voicemail.country_zone (
  country char(2) PRIMARY KEY,
  zone    text NOT NULL
);
INSERT INTO voicemail.country_zone (country, zone) SELECT v.country, v.zone FROM (VALUES
  ('AD','Europe/Andorra'), ('AE','Asia/Dubai'), ('AF','Asia/Kabul'), ('AG','America/Antigua'), ('AI','America/Anguilla'), ('AL','Europe/Tirane'),
  ('AM','Asia/Yerevan'), ('AO','Africa/Luanda'), ('AS','Pacific/Pago_Pago'), ('AT','Europe/Vienna'), ('AW','America/Aruba'),
  ('AX','Europe/Mariehamn'), ('AZ','Asia/Baku'), ('BA','Europe/Sarajevo'), ('BB','America/Barbados'), ('BD','Asia/Dhaka'), ('BE','Europe/Brussels'),
  ('BF','Africa/Ouagadougou'), ('BG','Europe/Sofia'), ('BH','Asia/Bahrain'), ('BI','Africa/Bujumbura'), ('BJ','Africa/Porto-Novo'),
  ('BL','America/St_Barthelemy'), ('BM','Atlantic/Bermuda'), ('BN','Asia/Brunei'), ('BO','America/La_Paz'), ('BQ','America/Kralendijk'),
  ('BS','America/Nassau'), ('BT','Asia/Thimphu'), ('BW','Africa/Gaborone'), ('BY','Europe/Minsk'), ('BZ','America/Belize'), ('CC','Indian/Cocos'),
  ('CF','Africa/Bangui'), ('CG','Africa/Brazzaville'), ('CH','Europe/Zurich'), ('CI','Africa/Abidjan'), ('CK','Pacific/Rarotonga'),
  ('CM','Africa/Douala'), ('CO','America/Bogota'), ('CR','America/Costa_Rica'), ('CU','America/Havana'), ('CV','Atlantic/Cape_Verde'),
  ('CW','America/Curacao'), ('CX','Indian/Christmas'), ('CZ','Europe/Prague'), ('DE','Europe/Berlin'), ('DJ','Africa/Djibouti'),
  ('DK','Europe/Copenhagen'), ('DM','America/Dominica'), ('DO','America/Santo_Domingo'), ('DZ','Africa/Algiers'), ('EE','Europe/Tallinn'),
  ('EG','Africa/Cairo'), ('EH','Africa/El_Aaiun'), ('ER','Africa/Asmara'), ('ET','Africa/Addis_Ababa'), ('FI','Europe/Helsinki'),
  ('FJ','Pacific/Fiji'), ('FK','Atlantic/Stanley'), ('FO','Atlantic/Faroe'), ('FR','Europe/Paris'), ('GA','Africa/Libreville'),
  ('GB','Europe/London'), ('GD','America/Grenada'), ('GE','Asia/Tbilisi'), ('GF','America/Cayenne'), ('GG','Europe/Guernsey'), ('GH','Africa/Accra'),
  ('GI','Europe/Gibraltar'), ('GM','Africa/Banjul'), ('GN','Africa/Conakry'), ('GP','America/Guadeloupe'), ('GQ','Africa/Malabo'),
  ('GR','Europe/Athens'), ('GS','Atlantic/South_Georgia'), ('GT','America/Guatemala'), ('GU','Pacific/Guam'), ('GW','Africa/Bissau'),
  ('GY','America/Guyana'), ('HK','Asia/Hong_Kong'), ('HN','America/Tegucigalpa'), ('HR','Europe/Zagreb'), ('HT','America/Port-au-Prince'),
  ('HU','Europe/Budapest'), ('IE','Europe/Dublin'), ('IL','Asia/Jerusalem'), ('IM','Europe/Isle_of_Man'), ('IN','Asia/Kolkata'),
  ('IO','Indian/Chagos'), ('IQ','Asia/Baghdad'), ('IR','Asia/Tehran'), ('IS','Atlantic/Reykjavik'), ('IT','Europe/Rome'), ('JE','Europe/Jersey'),
  ('JM','America/Jamaica'), ('JO','Asia/Amman'), ('JP','Asia/Tokyo'), ('KE','Africa/Nairobi'), ('KG','Asia/Bishkek'), ('KH','Asia/Phnom_Penh'),
  ('KM','Indian/Comoro'), ('KN','America/St_Kitts'), ('KP','Asia/Pyongyang'), ('KR','Asia/Seoul'), ('KW','Asia/Kuwait'), ('KY','America/Cayman'),
  ('LA','Asia/Vientiane'), ('LB','Asia/Beirut'), ('LC','America/St_Lucia'), ('LI','Europe/Vaduz'), ('LK','Asia/Colombo'), ('LR','Africa/Monrovia'),
  ('LS','Africa/Maseru'), ('LT','Europe/Vilnius'), ('LU','Europe/Luxembourg'), ('LV','Europe/Riga'), ('LY','Africa/Tripoli'),
  ('MA','Africa/Casablanca'), ('MC','Europe/Monaco'), ('MD','Europe/Chisinau'), ('ME','Europe/Podgorica'), ('MF','America/Marigot'),
  ('MG','Indian/Antananarivo'), ('MH','Pacific/Majuro'), ('MK','Europe/Skopje'), ('ML','Africa/Bamako'), ('MM','Asia/Yangon'), ('MO','Asia/Macau'),
  ('MP','Pacific/Saipan'), ('MQ','America/Martinique'), ('MR','Africa/Nouakchott'), ('MS','America/Montserrat'), ('MT','Europe/Malta'),
  ('MU','Indian/Mauritius'), ('MV','Indian/Maldives'), ('MW','Africa/Blantyre'), ('MY','Asia/Kuala_Lumpur'), ('MZ','Africa/Maputo'),
  ('NA','Africa/Windhoek'), ('NC','Pacific/Noumea'), ('NE','Africa/Niamey'), ('NF','Pacific/Norfolk'), ('NG','Africa/Lagos'),
  ('NI','America/Managua'), ('NL','Europe/Amsterdam'), ('NO','Europe/Oslo'), ('NP','Asia/Kathmandu'), ('NR','Pacific/Nauru'), ('NU','Pacific/Niue'),
  ('OM','Asia/Muscat'), ('PA','America/Panama'), ('PE','America/Lima'), ('PH','Asia/Manila'), ('PK','Asia/Karachi'), ('PL','Europe/Warsaw'),
  ('PM','America/Miquelon'), ('PN','Pacific/Pitcairn'), ('PR','America/Puerto_Rico'), ('PW','Pacific/Palau'), ('PY','America/Asuncion'),
  ('QA','Asia/Qatar'), ('RE','Indian/Reunion'), ('RO','Europe/Bucharest'), ('RS','Europe/Belgrade'), ('RW','Africa/Kigali'), ('SA','Asia/Riyadh'),
  ('SB','Pacific/Guadalcanal'), ('SC','Indian/Mahe'), ('SD','Africa/Khartoum'), ('SE','Europe/Stockholm'), ('SG','Asia/Singapore'),
  ('SH','Atlantic/St_Helena'), ('SI','Europe/Ljubljana'), ('SJ','Arctic/Longyearbyen'), ('SK','Europe/Bratislava'), ('SL','Africa/Freetown'),
  ('SM','Europe/San_Marino'), ('SN','Africa/Dakar'), ('SO','Africa/Mogadishu'), ('SR','America/Paramaribo'), ('SS','Africa/Juba'),
  ('ST','Africa/Sao_Tome'), ('SV','America/El_Salvador'), ('SX','America/Lower_Princes'), ('SY','Asia/Damascus'), ('SZ','Africa/Mbabane'),
  ('TC','America/Grand_Turk'), ('TD','Africa/Ndjamena'), ('TF','Indian/Kerguelen'), ('TG','Africa/Lome'), ('TH','Asia/Bangkok'),
  ('TJ','Asia/Dushanbe'), ('TK','Pacific/Fakaofo'), ('TL','Asia/Dili'), ('TM','Asia/Ashgabat'), ('TN','Africa/Tunis'), ('TO','Pacific/Tongatapu'),
  ('TR','Europe/Istanbul'), ('TT','America/Port_of_Spain'), ('TV','Pacific/Funafuti'), ('TW','Asia/Taipei'), ('TZ','Africa/Dar_es_Salaam'),
  ('UG','Africa/Kampala'), ('UY','America/Montevideo'), ('UZ','Asia/Samarkand'), ('VA','Europe/Vatican'), ('VC','America/St_Vincent'),
  ('VE','America/Caracas'), ('VG','America/Tortola'), ('VI','America/St_Thomas'), ('VN','Asia/Ho_Chi_Minh'), ('VU','Pacific/Efate'),
  ('WF','Pacific/Wallis'), ('WS','Pacific/Apia'), ('YE','Asia/Aden'), ('YT','Indian/Mayotte'), ('ZA','Africa/Johannesburg'), ('ZM','Africa/Lusaka'),
  ('ZW','Africa/Harare')
) v (country, zone) JOIN pg_timezone_names known ON known.name = v.zone;

-- Null: as voicemail.zone_of() has it. Nobody could tell a chosen UTC from the default; both were that.
ALTER TABLE voicemail.mailbox ALTER COLUMN time_zone DROP NOT NULL, ALTER COLUMN time_zone DROP DEFAULT;
UPDATE voicemail.mailbox SET time_zone = NULL WHERE time_zone = 'UTC';
ALTER TABLE voicemail.inbound_rules ALTER COLUMN time_zone DROP NOT NULL, ALTER COLUMN time_zone DROP DEFAULT;
UPDATE voicemail.inbound_rules SET time_zone = NULL WHERE time_zone = 'UTC';

-- The time by which an owner lives: the mailbox's own, else that of the account's country where it has one, else UTC.
CREATE FUNCTION voicemail.zone_of(p_account uuid) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce((SELECT time_zone FROM voicemail.mailbox WHERE account_id = p_account),
                  (SELECT z.zone FROM billing.account a JOIN voicemail.country_zone z ON z.country = a.country
                   WHERE a.account_id = p_account), 'UTC') $$;

-- As before, by the owner's time where the rules name none.
CREATE OR REPLACE FUNCTION voicemail.judge_caller(p_number text, p_caller text, p_now timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce((
    SELECT CASE
      WHEN r.refuse_anonymous AND p_caller = '' THEN 'refuse'
      WHEN EXISTS (SELECT FROM voicemail.blocked_caller b WHERE b.number = r.number AND
                     CASE WHEN right(b.pattern, 1) = '*' THEN starts_with(p_caller, left(b.pattern, -1))
                          ELSE b.pattern = p_caller END) THEN 'refuse'
      WHEN r.do_not_disturb THEN 'mailbox'
      WHEN EXISTS (SELECT FROM voicemail.quiet_period q WHERE q.number = r.number AND CASE
                     WHEN q.from_minute < q.to_minute
                       THEN q.days >> l.day & 1 = 1 AND l.minute >= q.from_minute AND l.minute < q.to_minute
                     ELSE (q.days >> l.day & 1 = 1 AND l.minute >= q.from_minute)
                       OR (q.days >> (l.day + 6) % 7 & 1 = 1 AND l.minute < q.to_minute) END) THEN 'mailbox'
      ELSE 'ring' END
    FROM voicemail.inbound_rules r
    CROSS JOIN LATERAL (SELECT p_now AT TIME ZONE coalesce(r.time_zone, voicemail.zone_of(
      (SELECT n.account_id FROM voicemail.number n WHERE n.number = r.number))) AS here) t
    CROSS JOIN LATERAL (SELECT extract(dow FROM t.here)::int AS day,
                               (extract(hour FROM t.here) * 60 + extract(minute FROM t.here))::int AS minute) l
    WHERE r.number = p_number), 'ring') $$;
