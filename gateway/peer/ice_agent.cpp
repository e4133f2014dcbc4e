// SPDX-License-Identifier: Apache-2.0
#include "gateway/peer/ice_agent.hpp"

#include <nice/agent.h>
#include <nice/interfaces.h>
#include <boost/asio/post.hpp>

#include <utility>

#include "gateway/peer/glib_thread.hpp"

namespace tollgate::gateway::peer {

namespace {

constexpr guint component = NICE_COMPONENT_TYPE_RTP;

}  // namespace

/// Held by the agent and, weakly, by what is under way: events after the agent's death go nowhere.
struct ice_agent::sink {
  boost::asio::any_io_executor executor;
  ice_events events;
};

struct ice_agent::engine {
  std::weak_ptr<sink> events;
  boost::asio::any_io_executor executor;
  NiceAgent* agent = nullptr;
  guint stream = 0;
  bool connected = false;

  template <typename Function>
  void tell(Function function) {
    boost::asio::post(executor, [weak = events, function = std::move(function)]() mutable {
      if (const auto alive = weak.lock()) function(alive->events);
    });
  }

  void start(GMainContext* context, bool include_loopback);
  void stop(GMainContext* context);
  void add_addresses();
  void on_gathered();
  void on_state(guint state);
  void on_received(std::span<const std::byte> datagram);
  void set_remote(const ice_description& remote);
};

void ice_agent::engine::add_addresses() {
  GList* addresses = nice_interfaces_get_local_ips(TRUE);
  for (GList* item = addresses; item != nullptr; item = item->next) {
    NiceAddress address;
    nice_address_init(&address);
    if (nice_address_set_from_string(&address, static_cast<const gchar*>(item->data)))
      nice_agent_add_local_address(agent, &address);
  }
  g_list_free_full(addresses, g_free);
}

void ice_agent::engine::start(GMainContext* context, bool include_loopback) {
  agent = nice_agent_new_full(context, NICE_COMPATIBILITY_RFC5245, NICE_AGENT_OPTION_CONSENT_FRESHNESS);
  g_object_set(agent, "controlling-mode", TRUE, "upnp", FALSE, "ice-tcp", FALSE, nullptr);
  if (include_loopback) add_addresses();

  using gathered_handler = void (*)(NiceAgent*, guint, gpointer);
  const gathered_handler gathered = [](NiceAgent*, guint, gpointer self) {
    static_cast<engine*>(self)->on_gathered();
  };
  using state_handler = void (*)(NiceAgent*, guint, guint, guint, gpointer);
  const state_handler state_changed = [](NiceAgent*, guint, guint, guint state, gpointer self) {
    static_cast<engine*>(self)->on_state(state);
  };
  g_signal_connect(agent, "candidate-gathering-done", G_CALLBACK(gathered), this);
  g_signal_connect(agent, "component-state-changed", G_CALLBACK(state_changed), this);

  stream = nice_agent_add_stream(agent, 1);
  const NiceAgentRecvFunc received = [](NiceAgent*, guint, guint, guint length, gchar* data, gpointer self) {
    static_cast<engine*>(self)->on_received(std::as_bytes(std::span(data, length)));
  };
  nice_agent_attach_recv(agent, stream, component, context, received, this);
  if (stream == 0 || !nice_agent_gather_candidates(agent, stream)) {
    tell([](ice_events& handler) { handler.failed(); });
  }
}

void ice_agent::engine::stop(GMainContext* context) {
  g_signal_handlers_disconnect_by_data(agent, this);
  nice_agent_attach_recv(agent, stream, component, context, nullptr, nullptr);
  nice_agent_remove_stream(agent, stream);
  g_object_unref(agent);
}

void ice_agent::engine::on_gathered() {
  ice_description description;
  gchar* fragment = nullptr;
  gchar* password = nullptr;
  if (nice_agent_get_local_credentials(agent, stream, &fragment, &password)) {
    description.username_fragment = fragment;
    description.password = password;
  }
  g_free(fragment);
  g_free(password);
  GSList* candidates = nice_agent_get_local_candidates(agent, stream, component);
  for (GSList* item = candidates; item != nullptr; item = item->next) {
    gchar* line = nice_agent_generate_local_candidate_sdp(agent, static_cast<NiceCandidate*>(item->data));
    std::string text = line;
    g_free(line);
    if (text.starts_with("a=")) text.erase(0, 2);
    description.candidates.push_back(std::move(text));
  }
  g_slist_free_full(candidates,
                    [](gpointer candidate) { nice_candidate_free(static_cast<NiceCandidate*>(candidate)); });
  tell([description = std::move(description)](ice_events& handler) mutable {
    handler.gathered(std::move(description));
  });
}

void ice_agent::engine::on_state(guint state) {
  const bool works = state == NICE_COMPONENT_STATE_CONNECTED || state == NICE_COMPONENT_STATE_READY;
  if (works && !connected) {
    connected = true;
    tell([](ice_events& handler) { handler.connected(); });
  } else if (state == NICE_COMPONENT_STATE_FAILED) {
    tell([](ice_events& handler) { handler.failed(); });
  }
}

void ice_agent::engine::on_received(std::span<const std::byte> datagram) {
  tell([copy = std::vector<std::byte>(datagram.begin(), datagram.end())](ice_events& handler) {
    handler.received(copy);
  });
}

void ice_agent::engine::set_remote(const ice_description& remote) {
  nice_agent_set_remote_credentials(agent, stream, remote.username_fragment.c_str(), remote.password.c_str());
  GSList* candidates = nullptr;
  for (const std::string& text : remote.candidates) {
    NiceCandidate* candidate = nice_agent_parse_remote_candidate_sdp(agent, stream, ("a=" + text).c_str());
    if (candidate == nullptr) continue;
    if (candidate->component_id == component)
      candidates = g_slist_prepend(candidates, candidate);
    else
      nice_candidate_free(candidate);
  }
  nice_agent_set_remote_candidates(agent, stream, component, candidates);
  g_slist_free_full(candidates,
                    [](gpointer candidate) { nice_candidate_free(static_cast<NiceCandidate*>(candidate)); });
}

ice_agent::ice_agent(glib_thread& glib, boost::asio::any_io_executor executor, ice_options options,
                     ice_events events)
    : sink_(std::make_shared<sink>(sink{executor, std::move(events)})),
      engine_(std::make_shared<engine>()),
      glib_(glib) {
  engine_->events = sink_;
  engine_->executor = std::move(executor);
  glib_.post([started = engine_, context = glib_.context(), options] {
    started->start(context, options.include_loopback);
  });
}

ice_agent::~ice_agent() {
  glib_.post([stopped = std::move(engine_), context = glib_.context()] { stopped->stop(context); });
}

void ice_agent::set_remote(ice_description remote) {
  glib_.post([target = engine_, remote = std::move(remote)] { target->set_remote(remote); });
}

void ice_agent::send(std::span<const std::byte> datagram) {
  glib_.post([target = engine_, copy = std::vector<std::byte>(datagram.begin(), datagram.end())] {
    nice_agent_send(target->agent, target->stream, component, static_cast<guint>(copy.size()),
                    reinterpret_cast<const gchar*>(copy.data()));
  });
}

}  // namespace tollgate::gateway::peer
