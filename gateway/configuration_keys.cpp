// SPDX-License-Identifier: Apache-2.0
// Every key of the configuration, declared once.
#include "gateway/configuration_keys.hpp"

namespace tollgate::gateway {
namespace {

constexpr std::int64_t most_micros = 1'000'000'000'000;
constexpr std::int64_t day_s = 86'400;

void visit_process(configuration& c, key_visitor& v) {
  v.visit("state_directory", c.state_directory, "Everything that the gateway keeps on disk lies below it.");
  v.visit("node.name", c.node.name,
          "Name of this gateway in tokens, holds and CDRs; unique among gateways on one database.");
  v.visit("database.url", c.database.url,
          "libpq connection string or URI. Empty: the gateway runs its own PostgreSQL below the state "
          "directory.");
  v.integer("database.pool_size", c.database.pool_size, 1, 256, "Connections to the database.");
  v.integer("database.connect_timeout_ms", c.database.connect_timeout_ms, 1'000, 60'000,
            "Longest attempt to connect.");
  v.integer("database.statement_timeout_ms", c.database.statement_timeout_ms, 100, 600'000,
            "Longest statement. A server that has not answered after twice as long is taken for lost.");
  v.visit("database.postgresql_binaries", c.database.postgresql_binaries,
          "Folder of initdb and postgres for the gateway's own PostgreSQL. Empty: the newest in "
          "/usr/lib/postgresql.");
  v.visit("log.level", c.log.level, "trace, debug, info, warning, error or critical.");
  v.visit("log.format", c.log.format, "logfmt (key=value) or json: one object a line.");
  v.visit("log.file", c.log.file, "Log file. Empty: standard error.");
  v.integer("log.slow_database_ms", c.log.slow_database_ms, 0, 3'600'000,
            "A step of the database that took longer, waiting for a connection included, has a line (event=database_slow). 0: none has.");
}

void visit_overlay(configuration& c, key_visitor& v) {
  v.visit("overlay.address", c.overlay.address, "Where peers connect (TLS WebSocket).");
  v.integer("overlay.port", c.overlay.port, 0, 65'535, "0: any free one.");
  v.visit("overlay.names", c.overlay.names,
          "Host names and addresses for the certificate that the gateway makes itself, beside localhost.");
  v.visit("overlay.certificate", c.overlay.certificate,
          "PEM chain. Empty: the gateway makes its own authority and certificate.");
  v.visit("overlay.key", c.overlay.key, "PEM private key of the certificate.");
  v.integer("overlay.logins_failed_limit", c.overlay.logins_failed_limit, 1, 1'000,
            "Wrong pass-phrases for one name from one address before they are locked out; ten times that for "
            "either alone.");
  v.integer("overlay.logins_failed_window_s", c.overlay.logins_failed_window_s, 1, day_s,
            "Time in which they count.");
  v.integer("overlay.offers_per_minute", c.overlay.offers_per_minute, 1, 10'000,
            "Calls that one subscriber may begin.");
  v.integer("overlay.calls_ringing", c.overlay.calls_ringing, 1, 100,
            "Calls of one subscriber that ring at once.");
  v.integer("overlay.calls_per_subscriber", c.overlay.calls_per_subscriber, 1, 100,
            "Calls of one subscriber with the telephone network at once.");
  v.integer("overlay.trickles_per_call", c.overlay.trickles_per_call, 1, 10'000,
            "Candidates that one call may add.");
  v.integer("overlay.requests_per_minute", c.overlay.requests_per_minute, 1, 100'000,
            "Other requests (balance, rate, calls, voicemail) of one session.");
  v.integer("overlay.credential_hours", c.overlay.credential_hours, 1, 168, "Life of a device's credential.");
  v.visit("overlay.page", c.overlay.page,
          "Whether the same port answers browsers with the subscriber's page: https://HOST:PORT/.");
}

void visit_network(configuration& c, key_visitor& v) {
  v.visit("media.address", c.media.address, "Where media is received.");
  v.visit("media.advertised_address", c.media.advertised_address,
          "Address in SDP. Empty: found from media.address.");
  v.visit("media.address6", c.media.address6,
          "IPv6 address beside an IPv4 media.address: media of trunk calls whose far end has IPv6, on the "
          "same ports. "
          "Peers go on using media.address. :: is every IPv6 address. Empty: none.");
  v.visit("media.advertised_address6", c.media.advertised_address6,
          "IPv6 address in SDP. Empty: found from media.address6.");
  v.integer("media.overlay_port", c.media.overlay_port, 0, 65'535,
            "UDP port of calls with peers: of the first media worker; the others take the ports that follow "
            "(with 4 workers 7444 to 7447, open all of them in a firewall). 0: any free ones.");
  v.visit("media.ice_tcp", c.media.ice_tcp,
          "Whether the same ports take TCP, too: ICE-TCP for peers whose network lets no UDP through.");
  v.integer("media.trunk_port_low", c.media.trunk_port_low, 1'024, 65'534, "First RTP port towards trunks.");
  v.integer("media.trunk_port_high", c.media.trunk_port_high, 1'025, 65'535, "Last one.");
  v.integer("media.workers", c.media.workers, 0, 256,
            "Media threads, each with its calls and its port. 0: one per core.");
  v.visit(
      "media.shed_load", c.media.shed_load,
      "Whether a media worker under load encodes Opus at complexity 3, then 0 instead of 5, then refuses "
      "new calls (SIP 503, overloaded) until calls have ended; live calls go on. Judged by the CPU time of "
      "its own thread: the load of other programs refuses no call.");
  v.integer("media.load_high_percent", c.media.load_high_percent, 1, 95,
            "Of a core: what a worker uses when it is under load.");
  v.integer("media.load_late_percent", c.media.load_late_percent, 1, 95,
            "Of a core: from this on a worker that is late counts as under load, too.");
  v.integer("media.load_lag_ms", c.media.load_lag_ms, 1, 1'000,
            "Late: all deadlines of half a second are missed by so much.");
  v.integer(
      "media.silence_timeout_s", c.media.silence_timeout_s, 5, 3'600,
      "A call from one side of which nothing comes for so long is ended; ten times as long after comfort "
      "noise, and never while that side has put it on hold.");
  v.visit("turn.urls", c.turn.urls,
          "TURN relays for devices whose network lets nothing else through: turn:HOST:PORT?transport=udp or "
          "tcp, turns:HOST:PORT?transport=tcp. deploy/turn/turnserver.conf is a coturn for it.");
  v.visit("turn.secret", c.turn.secret,
          "What the relays know as static-auth-secret. Never printed; TOLLGATE_TURN_SECRET keeps it out of "
          "this file.");
  v.integer("turn.lifetime_s", c.turn.lifetime_s, 60, 600, "Life of a device's credentials for the relays.");
  v.visit("sip.address", c.sip.address, "Where SIP is received, UDP and TCP.");
  v.integer("sip.port", c.sip.port, 1, 65'535, "UDP and TCP.");
  v.visit("sip.advertised_address", c.sip.advertised_address,
          "Address in Contact and Via. Empty: found from sip.address.");
  v.visit("sip.address6", c.sip.address6,
          "IPv6 address beside an IPv4 sip.address, on the same ports: trunks whose host is an IPv6 address, "
          "or a name "
          "with AAAA records (tried before its A records), are reached from it. :: is every IPv6 address. "
          "Empty: none.");
  v.visit("sip.advertised_address6", c.sip.advertised_address6,
          "IPv6 address in Contact and Via. Empty: found from sip.address6.");
  v.integer("sip.tls_port", c.sip.tls_port, 0, 65'535,
            "SIP over TLS: for trunks of transport tls, both ways. Peers must show a certificate of our "
            "authorities. Keep strangers off the port by a firewall. 0: none.");
  v.visit(
      "sip.certificate_directory", c.sip.certificate_directory,
      "Folder with agent.pem (our certificate and key) and cafile.pem (the authorities of the carriers), for "
      "sip.tls_port.");
  v.visit(
      "sip.digest_algorithms", c.sip.digest_algorithms,
      "What callers over trunks that ask for a digest may use, the preferred first: SHA-256, MD5. Some far "
      "ends look at the first alone and know MD5 only.");
  v.visit(
      "sip.resolver", c.sip.resolver,
      "File in the form of resolv.conf, by which the names of carriers are looked up (NAPTR, SRV, A, AAAA).");
  v.visit("sip.user_agent", c.sip.user_agent, "User-Agent and Server header.");
  v.integer("sip.session_timer_s", c.sip.session_timer_s, 90, day_s, "Session-Expires (RFC 4028).");
  v.integer("sip.options_interval_s", c.sip.options_interval_s, 1, 3'600,
            "Between health checks (OPTIONS) of a trunk that is up; after a failure they come every 2 s.");
  v.integer("sip.options_down_interval_s", c.sip.options_down_interval_s, 1, 3'600,
            "The same of a trunk that is down.");
  v.integer("sip.options_failures", c.sip.options_failures, 1, 100,
            "Failures in a row after which a trunk is down: health checks and calls.");
  v.integer("sip.options_successes", c.sip.options_successes, 1, 100,
            "Answers in a row after which it is up again.");
  v.integer("sip.invite_timeout_s", c.sip.invite_timeout_s, 1, 64,
            "Without any response to an INVITE (or OPTIONS) for so long the next trunk is tried.");
  v.integer(
      "sip.progress_timeout_s", c.sip.progress_timeout_s, 4, 120,
      "With 100 alone (no ringing, no announcement) for so long the next trunk is tried, if there is one.");
  v.integer("sip.ringing_timeout_s", c.sip.ringing_timeout_s, 10, 600,
            "A call that rings longer is given up.");
  v.integer(
      "sip.strangers_per_second", c.sip.strangers_per_second, 0, 10'000,
      "Requests of those who are no trunk that are answered (403); what is more is dropped, so that a flood "
      "disturbs no call.");
  v.integer("sip.stranger_connections", c.sip.stranger_connections, 0, 10'000,
            "Connections by TCP and TLS that those who are no trunk may have open; one more is closed at once. A trunk that "
            "is known by its digest alone is a stranger until it has been right once in the last 24 hours.");
  v.integer("sip.stranger_connections_per_source", c.sip.stranger_connections_per_source, 0, 10'000,
            "The same from one IPv4 address, or one /64 of IPv6 addresses.");
  v.integer("sip.stranger_idle_s", c.sip.stranger_idle_s, 1, 3'600,
            "Such a connection is cut when no whole message has come for so long.");
  v.visit("identity.key_file", c.identity.key_file,
          "PEM file of the private key (P-256) that signs the caller's number of calls over trunks with "
          "sign_identity (STIR/SHAKEN, RFC 8224 and 8588). Empty: none is signed.");
  v.visit("identity.certificate_url", c.identity.certificate_url,
          "https URL at which everybody finds the key's certificate chain.");
  v.visit("identity.authorities", c.identity.authorities,
          "PEM file of the authorities whose certificates for callers' numbers are believed. Empty: "
          "signatures of "
          "calls in are not looked at.");
  v.visit("identity.policy", c.identity.policy,
          "tell (devices and records are told what the signature amounts to), refuse_failed (one that does "
          "not hold "
          "is refused), require (and a call without one, too).");
  v.integer("identity.fetch_timeout_ms", c.identity.fetch_timeout_ms, 100, 10'000,
            "A certificate that is not there by then is not to be had.");
  v.integer("identity.certificate_keep_s", c.identity.certificate_keep_s, 1, day_s,
            "For how long a certificate is not fetched again.");
  v.visit("identity.fetch_networks", c.identity.fetch_networks,
          "Networks that are not public and that certificates may be fetched from all the same: 10.1.2.0/24, "
          "::1.");
  v.visit("identity.fetch_authority", c.identity.fetch_authority,
          "PEM file of the authority of those servers' TLS certificates. Empty: the system's.");
  v.integer("trace.keep_hours", c.trace.keep_hours, 0, 24 * 366,
            "How long the SIP messages of a call are kept after it (tollgate trace, /v1/traces/ID), without "
            "passwords and keys. Numbers are in them. 0: none are kept.");
  v.integer("trace.memory_mib", c.trace.memory_mib, 1, 4'096,
            "Memory for the messages of calls that go on; beyond it those of the oldest call are forgotten.");
  v.visit(
      "routing.order", c.routing.order,
      "What the trunks that serve a number by the longest prefix are ordered by: priority, cost (by the "
      "carriers' cost decks), quality (answer-seizure ratio, then post-dial delay). The first counts most; "
      "what is equal by all is shared by weight.");
  v.integer("routing.usual_call_s", c.routing.usual_call_s, 1, 3'600,
            "Costs are compared by what a call of this length costs.");
  v.integer("routing.quality_window_s", c.routing.quality_window_s, 10, day_s,
            "For how long a call counts for the quality.");
  v.integer("routing.quality_least_calls", c.routing.quality_least_calls, 1, 1'000,
            "A trunk of fewer calls in that time counts as good.");
  v.visit("api.address", c.api.address,
          "Where the REST API is served. Without api.certificate it is plain HTTP: keep it local, or put TLS before it.");
  v.integer("api.port", c.api.port, 0, 65'535, "0: any free one.");
  v.visit("api.admin_token_file", c.api.admin_token_file,
          "Where the first admin token is written. Empty: admin.token below the state directory.");
  v.integer("api.body_limit_bytes", c.api.body_limit_bytes, 1'024, std::int64_t{1} << 30,
            "Largest request body.");
  v.integer("api.request_timeout_s", c.api.request_timeout_s, 1, 3'600, "Longest request.");
  v.integer("api.slow_client_s", c.api.slow_client_s, 1, 3'600,
            "A client whose header is not here by then is cut, and one whose body then comes at less than 64 KiB a second.");
  v.integer("api.connections", c.api.connections, 1, 100'000,
            "Connections at once. One more takes the place of the one that has been idle for longest.");
  v.integer("api.requests_per_minute", c.api.requests_per_minute, 0, 10'000'000,
            "Requests of one token; more are answered 429. 0: any number.");
  v.integer("api.open_requests_per_minute", c.api.open_requests_per_minute, 0, 10'000'000,
            "The same of one address (of IPv6, one /64) without a token that is good: log-ins, guesses, and payment events with a wrong "
            "signature. Behind a proxy that is not one of api.trusted_proxies all clients have its address. /ready and /metrics have as many "
            "apart.");
  v.visit("api.trusted_proxies", c.api.trusted_proxies,
          "Addresses and networks of proxies before the API (10.0.0.0/8), each of which adds to X-Forwarded-For or Forwarded (RFC 7239) whom "
          "it has a request from: the last there that is none of them is the client, for limits, lock-outs and the audit. A request of theirs "
          "whose fields cannot be read, or name two clients, is answered 400. Of others, and if it is empty, these fields are not looked at.");
  v.integer("api.audit_keep_months", c.api.audit_keep_months, 0, 1'200,
            "Months that lines of the audit are kept after their own. 0: for ever.");
  v.visit("api.audit_detach", c.api.audit_detach,
          "Whether a month of it that is over is kept as a table of schema gateway_archive, to be exported; else it is dropped.");
  v.visit("api.certificate", c.api.certificate,
          "PEM chain: the API is served by TLS 1.2 and 1.3. A file that changes is read again within seconds. Empty: plain HTTP.");
  v.visit("api.key", c.api.key, "PEM private key of api.certificate.");
  v.visit("api.client_authorities", c.api.client_authorities,
          "PEM authorities, one of which must have issued a certificate that every client shows (mutual TLS), beside its token. Empty: none "
          "is asked for.");
}

void visit_service(configuration& c, key_visitor& v) {
  v.visit("billing.currency", c.billing.currency, "Currency of new accounts.");
  v.visit("billing.deck", c.billing.deck,
          "Name of the rate deck of new accounts; it also stands behind every account's own deck and plan.");
  v.visit("billing.decks_by_currency", c.billing.decks_by_currency,
          "The same for accounts in other currencies: USD=default-usd.");
  v.integer("billing.hold_seconds", c.billing.hold_seconds, 1, 3'600,
            "Talk time for which credit is held at once.");
  v.integer("billing.hold_lease_s", c.billing.hold_lease_s, 10, 3'600,
            "Without a report for so long a call counts as abandoned.");
  v.integer("billing.report_interval_s", c.billing.report_interval_s, 1, 60,
            "Between reports of the live calls' use.");
  v.integer("billing.reaper_interval_s", c.billing.reaper_interval_s, 1, 3'600,
            "Between searches for abandoned calls.");
  v.integer("billing.reaper_grace_s", c.billing.reaper_grace_s, 0, 3'600,
            "Left to an abandoned call beyond its lease.");
  v.integer("billing.least_topup_micros", c.billing.least_topup_micros, 1, most_micros,
            "Least credit of a payment, in millionths of the currency; /v1/currencies has those of single "
            "currencies.");
  v.integer("billing.warn_first_s", c.billing.warn_first_s, 0, 3'600,
            "First warning before the credit ends.");
  v.integer("billing.warn_last_s", c.billing.warn_last_s, 0, 3'600, "Last warning before the credit ends.");
  v.integer(
      "billing.credit_months", c.billing.credit_months, 0, 120,
      "Calendar months without a charged call or top-up until credit lapses. 0: never. In some countries the "
      "law lets prepaid credit not lapse, or only after years: look it up for each that you sell in, before "
      "the first account is half a year old.");
  v.visit(
      "billing.credit_months_by_country", c.billing.credit_months_by_country,
      "The same for accounts of some countries: DE=0 (never), FR=12. The default is empty: every country's "
      "credit lapses as above.");
  v.integer("billing.credit_interval_s", c.billing.credit_interval_s, 1, day_s,
            "Between searches for credit that is about to lapse.");
  v.visit("billing.voucher_key_file", c.billing.voucher_key_file,
          "Key of the vouchers' PINs and of what is remembered under an Idempotency-Key, 64 hex digits, the same on all gateways "
          "of one database: one with another key does not start. Empty: keys/voucher.key below the state directory, made at "
          "the first start.");
  v.integer(
      "billing.cdr_keep_months", c.billing.cdr_keep_months, 0, 1'200,
      "Months that call detail records are kept after the month of the call, at least as long as the law "
      "asks; every consumer of the export has them before they go. 0: for ever.");
  v.visit("billing.cdr_detach", c.billing.cdr_detach,
          "Whether a month that is over is kept as a table of schema billing_archive; else it is dropped.");
  v.integer("billing.cdr_months_ahead", c.billing.cdr_months_ahead, 1, 24,
            "Months for whose records room is made in advance.");
  v.visit("billing.fraud_limits", c.billing.fraud_limits,
          "Whether calls are held against the limits of /v1/fraud/limits.");
  v.visit(
      "billing.webhook_secret", c.billing.webhook_secret,
      "Shared with the payment provider, at least 16 characters; best given by the environment. Empty: no "
      "payment events are taken.");
  v.visit("dial_policy.premium_rate", c.dial_policy.premium_rate,
          "Whether premium-rate numbers may be called.");
  v.visit("dial_policy.shared_cost", c.dial_policy.shared_cost, "Whether shared-cost numbers may be called.");
  v.visit("dial_policy.satellite", c.dial_policy.satellite, "Whether satellite numbers may be called.");
  v.visit("dial_policy.high_risk", c.dial_policy.high_risk,
          "Whether prefixes known for toll fraud may be called.");
  v.visit("dial_policy.open_prefixes", c.dial_policy.open_prefixes,
          "Prefixes (digits, country code first) that may be called whatever is shut. An account's calling "
          "policy "
          "goes beyond all of these: /v1/accounts/ID/calling_policy.");
  v.visit("dial_policy.shut_prefixes", c.dial_policy.shut_prefixes,
          "Prefixes that may not be called, unless a longer one is open.");
  v.visit("dial_policy.shut_countries", c.dial_policy.shut_countries,
          "Countries (ISO 3166) that may not be called, but for open prefixes.");
  v.visit(
      "dial_policy.emergency_trunks", c.dial_policy.emergency_trunks,
      "Trunks (their names, in the order in which they are tried) that take emergency numbers of the subscriber's "
      "country, without credit, limits and blocks, up or not, and while the gateway drains; the next one follows "
      "whatever the one before it says. Empty: such calls are refused with a text that says so.");
  v.visit("voicemail.language", c.voicemail.language,
          "Language of mailboxes whose owners have chosen none: en, es, fr, it or ru.");
  v.visit("voicemail.prompts", c.voicemail.prompts,
          "Folder of the spoken prompts of that language, named as Asterisk's core sounds.");
  v.visit("voicemail.prompts_by_language", c.voicemail.prompts_by_language,
          "Folders of the other languages: es=/folder and so on. Those that are absent are not offered.");
  v.integer("voicemail.message_limit_s", c.voicemail.message_limit_s, 5, 3'600, "Longest message.");
  v.integer("voicemail.message_least_ms", c.voicemail.message_least_ms, 0, 60'000,
            "Shorter recordings are dropped.");
  v.integer("voicemail.silence_limit_s", c.voicemail.silence_limit_s, 1, 600,
            "Silence that ends a recording.");
  v.integer("voicemail.silence_level_dbov", c.voicemail.silence_level_dbov, -90, -20,
            "Level (dBov, the mean of 20 ms) below which a caller counts as silent. Lower where trunks attenuate: a recording "
            "without anything above it is none (log: recording_discarded).");
  v.integer("voicemail.mailbox_limit_messages", c.voicemail.mailbox_limit_messages, 1, 100'000,
            "Messages in a mailbox. One that was begun within the limits is taken whole.");
  v.integer("voicemail.mailbox_limit_s", c.voicemail.mailbox_limit_s, 60, 360'000,
            "Length of all messages in a mailbox.");
  v.integer("voicemail.mailbox_limit_bytes", c.voicemail.mailbox_limit_bytes, 1 << 16, std::int64_t{1} << 40,
            "Bytes in a mailbox.");
  v.integer(
      "voicemail.keep_days", c.voicemail.keep_days, 0, 36'500,
      "Days after which messages are deleted for good, heard or not; none that is being heard. 0: never.");
  v.integer("voicemail.upkeep_interval_s", c.voicemail.upkeep_interval_s, 1, 86'400,
            "Between looks for messages that are to go, and recordings that are to be encrypted anew.");
  v.visit(
      "voicemail.audio_keys_file", c.voicemail.audio_keys_file,
      "Keys by which recordings are encrypted at rest (AES-256-GCM), the same on all gateways of one "
      "database: "
      "lines of a name and 64 hexadecimal digits (openssl rand -hex 32). The first is for what is recorded "
      "from "
      "now on; what is by others, or plain, is encrypted anew by and by, and then those can be taken out. To "
      "change: add the new key last on all gateways, then put it first. \"NAME lost\" gives up what is by a "
      "key "
      "that nobody has any more. Empty: recordings are stored plain.");
  v.visit(
      "notify.mail_server", c.notify.mail_server,
      "Where e-mail is handed in: smtp://mail.example:587, or smtps://… for TLS from the first byte. Empty: "
      "none is sent.");
  v.visit("notify.mail_from", c.notify.mail_from, "The sender's address.");
  v.visit("notify.mail_user", c.notify.mail_user, "Name at the mail server. Empty: it asks for none.");
  v.visit("notify.mail_password", c.notify.mail_password, "Best given by the environment.");
  v.visit("notify.mail_tls", c.notify.mail_tls,
          "required (STARTTLS with a certificate that is checked), opportunistic or none.");
  v.visit("notify.mail_authority", c.notify.mail_authority,
          "PEM file of the authority of the mail server's certificate. Empty: the system's.");
  v.visit("notify.webhook_networks", c.notify.webhook_networks,
          "Networks that are not public and that the operator's webhooks may reach all the same: 10.1.2.0/24, ::1.");
  v.visit("notify.subscriber_webhook_networks", c.notify.subscriber_webhook_networks,
          "Likewise for webhooks of subscribers and of their mailboxes, who may then send requests to anything "
          "there: best none.");
  v.visit("notify.webhook_authority", c.notify.webhook_authority,
          "PEM file of the authority of webhooks' certificates. Empty: the system's.");
  v.visit("notify.agent_networks", c.notify.agent_networks,
          "Networks that are not public and in which telephones may be told of waiting messages (RFC 3842).");
  v.integer("notify.interval_ms", c.notify.interval_ms, 100, 600'000,
            "Between looks for owners to be told of messages.");
  v.integer("notify.first_retry_s", c.notify.first_retry_s, 1, 3'600,
            "Pause after the first failure; each is twice as long as the one before, four hours at most.");
  v.integer("notify.attempts", c.notify.attempts, 1, 100, "Until it is given up.");
  v.integer("events.keep_days", c.events.keep_days, 1, 3'650,
            "Days for which events can be read, and deliveries to webhooks that were given up can be made again.");
  v.integer("events.streams", c.events.streams, 0, 10'000,
            "Streams of events (GET /v1/events as text/event-stream) at once on this node, a quarter of them for staff; each takes one of api.connections.");
  v.integer("call.ring_timeout_s", c.call.ring_timeout_s, 5, 120,
            "How long a new subscriber's devices ring before voicemail.");
  v.integer(
      "call.forward_hops", c.call.forward_hops, 1, 20,
      "A call that was redirected so often is forwarded to no further telephone (Diversion, History-Info).");
  v.integer("call.calls", c.call.calls, 1, 100'000, "Calls at once on this node.");
  v.integer("call.longest_s", c.call.longest_s, 10, 43'200,
            "Longest call, in and out, counted from the answer.");
  v.integer("call.drain_timeout_s", c.call.drain_timeout_s, 0, day_s,
            "How long live calls may go on after SIGTERM.");
  v.visit("call.default_region", c.call.default_region, "ISO 3166 code of a new subscriber that names none.");
}

}  // namespace

void visit_keys(configuration& value, key_visitor& visitor) {
  visit_process(value, visitor);
  visit_overlay(value, visitor);
  visit_network(value, visitor);
  visit_service(value, visitor);
}

}  // namespace tollgate::gateway
