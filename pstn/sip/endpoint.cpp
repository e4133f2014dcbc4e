// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/endpoint.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "pstn/sip/call.hpp"
#include "pstn/sip/message.hpp"
#include "pstn/sip/probe.hpp"
#include "pstn/sip/registration.hpp"
#include "pstn/sip/uri.hpp"

namespace tollgate::pstn::sip {
namespace {

constexpr std::size_t phrase_most_bytes = 80;
constexpr std::size_t phrases_most = 256;
// A flood of strangers does not shut out a carrier that is known by its digest alone: not for so long after
// its last right one.
constexpr std::chrono::hours proof_lasts{24};
constexpr std::size_t proven_most = 1'024;   // addresses
constexpr const char* retry_after_s = "30";  // RFC 3261 §20.33, with every 503 of ours

std::string realm_of(const user_agent_options& options) {
  if (!options.realm.empty()) return options.realm;
  return options.advertised_address.empty() ? options.address : options.advertised_address;
}

}  // namespace

endpoint::endpoint(const user_agent_options& options, user_agent::event_handler handler,
                   std::function<call_key()> next_key)
    : options_(options),
      handler_(std::move(handler)),
      next_key_(std::move(next_key)),
      wakeup_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      tap_(options.trace),
      filter_([this](const source_address& from, std::string_view id) { return admits(from, id); }),
      dialog_test_([this](std::string_view id) {
        return dialogs_.contains(std::string(id)) &&
               std::any_of(calls_.begin(), calls_.end(), [&](const auto& one) {
                 return one.second->is_talking() && one.second->dialog_id() == id;
               });
      }),
      gate_(options.strangers_per_second),
      connections_(options.stranger_connections),
      authenticator_(realm_of(options), options.challenge_algorithms) {
  if (!options_.now) throw std::invalid_argument("sip: user_agent_options::now is needed");
  if (wakeup_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

endpoint::~endpoint() {
  close(wakeup_);
}

void endpoint::post(command work) {
  const std::scoped_lock lock(mutex_);
  if (closed_) return;
  commands_.push_back(std::move(work));
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(wakeup_, &one, sizeof one);
}

int endpoint::on_wakeup(su_root_magic_t*, su_wait_t*, su_wakeup_arg_t* self) {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = read(self->wakeup_, &count, sizeof count);
  self->run_commands();
  return 0;
}

void endpoint::run_commands() {
  std::vector<command> batch;
  {
    const std::scoped_lock lock(mutex_);
    batch.swap(commands_);
  }
  for (command& work : batch) {
    guarded([&] { work(*this); });
  }
}

void endpoint::guarded(const std::function<void()>& work) noexcept {
  try {
    work();
    destroy_retired();
    continue_stop();
  } catch (const std::exception& error) {
    log(error.what());
  } catch (...) {
    log("unknown exception");
  }
}

void endpoint::log(std::string_view line) noexcept {
  try {
    if (options_.log) options_.log(line);
  } catch (...) {
    return;  // a failing log must not end a call
  }
}

void endpoint::tell(event what) {
  try {
    handler_(std::move(what));
  } catch (const std::exception& error) {
    log(error.what());
  }
}

const char* endpoint::lasting_phrase(const std::string& phrase) {
  if (phrase.empty() || phrase.size() > phrase_most_bytes || !is_one_line(phrase)) return nullptr;
  const auto found = phrases_.find(phrase);
  if (found != phrases_.end()) return found->c_str();
  return phrases_.size() < phrases_most ? phrases_.insert(phrase).first->c_str() : nullptr;
}

void endpoint::retire(call_key key) {
  retired_.push_back(key);
}

void endpoint::destroy_retired() {
  while (!retired_.empty()) {
    const call_key key = retired_.back();
    retired_.pop_back();
    if (const auto found = calls_.find(key); found != calls_.end()) {
      if (const auto id = dialogs_.find(found->second->dialog_id()); id != dialogs_.end()) dialogs_.erase(id);
      calls_.erase(found);
    }
    probes_.erase(key);
  }
}

void endpoint::start_call(call_key key, invite request) {
  if (calls_.contains(key)) return;
  if (stopping_) {
    tell(failed{key, SIP_503_SERVICE_UNAVAILABLE, std::nullopt, std::nullopt, {}});
    tell(ended{key});
    return;
  }
  const auto [place, is_new] = calls_.emplace(key, std::make_unique<call>(*this, key, std::move(request)));
  if (!is_new) return;
  dialogs_.insert(place->second->dialog_id());
  place->second->start();
}

void endpoint::start_probe(call_key key, const std::string& uri, const std::optional<notice>& what) {
  if (!probes_.contains(key)) probes_.emplace(key, std::make_unique<probe>(*this, key, uri, what));
}

void endpoint::start_registration(call_key key, registration_request request) {
  if (stopping_ || probes_.contains(key)) return;
  probes_.emplace(key, std::make_unique<registration>(*this, key, std::move(request)));
}

void endpoint::stop_registration(call_key key) {
  if (const auto found = probes_.find(key); found != probes_.end()) found->second->begin_stop();
}

void endpoint::with_call(call_key key, const std::function<void(call&)>& action) {
  if (const auto found = calls_.find(key); found != calls_.end()) action(*found->second);
}

void endpoint::on_stack_event(nua_event_t what, int status, const char* phrase, nua_t*, nua_magic_t* self,
                              nua_handle_t* handle, nua_hmagic_t* owner, const sip_t* message, tagi_t*) {
  const stack_event signal{what, status, phrase ? phrase : "", message};
  self->guarded([&] {
    if (what == nua_r_shutdown) {
      if (status < 200) return;
      self->shutdown_done_ = true;
      su_root_break(self->root_);
    } else if (owner) {
      owner->on_event(signal);
    } else if (handle) {
      self->take_unowned(signal, handle);
    }
  });
}

void endpoint::take_unowned(const stack_event& signal, nua_handle_t* handle) {
  switch (signal.what) {
    case nua_i_invite:
      take_invite(signal, handle);
      return;
    case nua_i_options:
      if (signal.status < 200) {
        if (draining_ || stopping_) {
          refuse(handle, SIP_503_SERVICE_UNAVAILABLE, true);
        } else {
          nua_respond(handle, SIP_200_OK, NUTAG_WITH_THIS(stack_), TAG_END());
          nua_handle_destroy(handle);
        }
        return;
      }
      break;
    default:
      break;
  }
  nua_handle_destroy(handle);  // a stray request that the stack has answered
}

void endpoint::refuse(nua_handle_t* handle, int status, const char* phrase, bool retry_after) {
  nua_respond(handle, status, phrase, NUTAG_WITH_THIS(stack_),
              TAG_IF(retry_after, SIPTAG_RETRY_AFTER_STR(retry_after_s)), TAG_END());
  nua_handle_destroy(handle);
}

// Responses are none of its business: the stack drops those that answer nothing.
bool endpoint::admits(const source_address& from, std::string_view sip_call_id) {
  if (from.ip.empty() || !is_stranger(from)) return true;
  if (connections_.size() > 0) connections_.heard(from, options_.now());
  if (!sip_call_id.empty() && dialogs_.contains(std::string(sip_call_id))) return true;
  const bool admitted = gate_.admits(options_.now());
  ++(admitted ? strangers_answered_ : strangers_dropped_);
  return admitted;
}

bool endpoint::is_stranger(const source_address& from) {
  // Who must prove by digest who it is stays a stranger until then.
  const auto wanted = admission_ ? admission_(from, {}) : admission{};
  return !wanted.allowed || (wanted.digest && !is_proven(from.ip));
}

bool endpoint::is_proven(const std::string& ip) {
  const auto found = proven_.find(ip);
  return found != proven_.end() && options_.now() - found->second < proof_lasts;
}

void endpoint::note_proven(const std::string& ip) {
  const auto now = options_.now();
  if (proven_.size() >= proven_most)
    std::erase_if(proven_, [&](const auto& one) { return now - one.second >= proof_lasts; });
  if (proven_.size() < proven_most || proven_.contains(ip)) proven_[ip] = now;
}

void endpoint::take_invite(const stack_event& signal, nua_handle_t* handle) {
  if (signal.status >= 200 || !signal.message) {
    nua_handle_destroy(handle);
    return;
  }
  const source_address source = source_of(nua_current_request(stack_));
  const auto user = admit(signal.message, source, handle);
  if (!user) return;
  if (draining_ || stopping_ || calls_.size() >= options_.most_calls) {
    refuse(handle, SIP_503_SERVICE_UNAVAILABLE, true);
  } else if (signal.message->sip_max_forwards && signal.message->sip_max_forwards->mf_count == 0) {
    refuse(handle, SIP_483_TOO_MANY_HOPS, false);  // we pass calls on (RFC 7332 §4)
  } else if (signal.message->sip_replaces) {
    refuse(handle, SIP_481_NO_TRANSACTION, false);  // no call of ours is handed over (RFC 3891 §3)
  } else if (has_foreign_body(signal.message)) {
    nua_respond(handle, SIP_415_UNSUPPORTED_MEDIA, NUTAG_WITH_THIS(stack_),
                SIPTAG_ACCEPT_STR("application/sdp"), TAG_END());
    nua_handle_destroy(handle);
  } else {
    incoming_invite told = read_invite(signal.message, source);
    told.authenticated_user = *user;
    told.key = next_key_();
    dialogs_.insert(told.sip_call_id);
    calls_.emplace(told.key, std::make_unique<call>(*this, told.key, handle, signal.message));
    tell(std::move(told));
  }
}

std::optional<std::string> endpoint::admit(const sip_t* message, const source_address& source,
                                           nua_handle_t* handle) {
  const auto claim = claim_of(message, authenticator_.realm());
  const auto wanted = admission_ ? admission_(source, claim ? claim->username : std::string()) : admission{};
  if (!wanted.allowed) {
    refuse(handle, SIP_403_FORBIDDEN, false);
    return std::nullopt;
  }
  if (!wanted.digest) return std::string();
  if (!claim) {
    challenge(handle, false);
    return std::nullopt;
  }
  // Who is not known is judged as well, so that it takes as long.
  const auto verdict =
      authenticator_.judge(*claim, "INVITE", wanted.password.value_or(std::string()), options_.now());
  // Another number than the one that was asked for is not called (RFC 2617 §3.2.2.5); some name the host
  // alone.
  const std::string named = user_of(claim->uri);
  const bool is_same = named.empty() || named == user_of(text_of(message->sip_request->rq_url));
  if (!wanted.password || verdict == digest_verdict::wrong || !is_same) {
    refuse(handle, SIP_403_FORBIDDEN, false);
  } else if (verdict == digest_verdict::stale) {
    challenge(handle, true);
  } else {
    note_proven(source.ip);
    return claim->username;
  }
  return std::nullopt;
}

void endpoint::challenge(nua_handle_t* handle, bool stale) {
  const auto values = authenticator_.challenges(stale, options_.now());
  std::vector<tagi_t> tags;
  for (const std::string& value : values)
    tags.push_back({SIPTAG_WWW_AUTHENTICATE_STR(value.c_str())});
  tags.push_back({TAG_END()});
  nua_respond(handle, SIP_401_UNAUTHORIZED, NUTAG_WITH_THIS(stack_), TAG_NEXT(tags.data()));
  nua_handle_destroy(handle);
}

void endpoint::begin_stop() {
  if (stopping_) return;
  stopping_ = true;
  for (auto& [key, one] : calls_)
    one->begin_stop();
  for (auto& [key, one] : probes_)
    one->begin_stop();
  stop_timer_ = std::make_unique<timer>(root_, [this] {
    if (shutdown_asked_) {
      su_root_break(root_);  // the stack itself does not come to an end
      return;
    }
    for (auto& [key, one] : calls_)
      one->abandon();
    for (auto& [key, one] : probes_)
      one->abandon();
  });
  stop_timer_->start(options_.shutdown_timeout);
}

void endpoint::continue_stop() {
  if (!stopping_ || shutdown_asked_ || !calls_.empty() || !probes_.empty()) return;
  shutdown_asked_ = true;
  stop_timer_->start(std::chrono::seconds(2));
  nua_shutdown(stack_);
}

}  // namespace tollgate::pstn::sip
