// SPDX-License-Identifier: Apache-2.0
// Calls with baresip, a telephone that shares no code with ours, either way.
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "far_end.hpp"
#include "pstn/sip/offer_answer.hpp"

namespace tollgate::tests::sip {
namespace {

/// A telephone with one account that answers by itself; `dial` is called at once unless empty.
class telephone {
 public:
  telephone(const std::string& dial, std::uint16_t route_port) : port(free_port()) {
    std::ofstream config(folder_.path / "config");
    config << "sip_listen 127.0.0.1:" << port
           << "\nnet_interface 127.0.0.1\ncall_local_timeout 60\ncall_max_calls 4\n"
           << "audio_player aubridge,nil\naudio_source aubridge,nil\naudio_alert aubridge,nil\nausrc_format "
              "s16\n"
           << "auplay_format s16\nauenc_format s16\naudec_format s16\nrtp_ports 42000-43000\n"
           << "module_path /usr/lib/baresip/modules\nmodule g711.so\nmodule aubridge.so\nmodule_app "
              "account.so\nmodule_app menu.so\n";
    std::ofstream accounts(folder_.path / "accounts");
    accounts << "<sip:phone@127.0.0.1>;regint=0;answermode=auto;audio_codecs=PCMA/8000/1";
    if (route_port != 0) accounts << ";outbound=\"sip:127.0.0.1:" << route_port << ";transport=udp\"";
    accounts << "\n";
    config.close();
    accounts.close();
    std::vector<std::string> arguments{"baresip", "-f", folder_.path.string()};
    if (!dial.empty()) arguments.insert(arguments.end(), {"-e", "/dial " + dial});
    process_ = std::make_unique<child>(std::move(arguments), folder_.path);
    is_listening = wait_until_bound(port);
  }

  void terminate() { process_->terminate(); }
  std::string output() const { return process_->output(); }

  const std::uint16_t port;
  bool is_listening = false;

 private:
  scratch_folder folder_;
  std::unique_ptr<child> process_;
};

ua::local_media our_media() {
  ua::local_media out;
  out.address = "127.0.0.1";
  out.port = 40000;
  out.codecs = {pstn::media::default_description(pstn::media::codec_id::pcma),
                pstn::media::default_description(pstn::media::codec_id::pcmu)};
  return out;
}

TEST(Baresip, AnswersOurCallAndWeHangUp) {
  telephone phone("", 0);
  ASSERT_TRUE(phone.is_listening);
  agent ours;
  auto request = invite_to(phone.port);
  request.request_uri = "sip:phone@127.0.0.1:" + std::to_string(phone.port);
  request.sdp = ua::make_offer(our_media());
  const auto key = ours.user_agent.next_call_key();
  ours.user_agent.send_invite(key, request);
  std::optional<ua::answered> answered;
  while (!answered) {
    const auto any = ours.events.next();
    ASSERT_TRUE(any) << phone.output();
    if (const auto* one = std::get_if<ua::answered>(&*any)) {
      answered = *one;
    } else {
      ASSERT_TRUE(std::holds_alternative<ua::provisional>(*any)) << phone.output();
    }
  }
  const auto agreed = ua::accept_answer(request.sdp, answered->sdp);
  ASSERT_TRUE(agreed) << answered->sdp;
  EXPECT_EQ(agreed->codec.id, pstn::media::codec_id::pcma);
  EXPECT_TRUE(agreed->telephone_event_payload_type);
  ours.user_agent.hang_up(key, 16, "Normal call clearing");
  EXPECT_TRUE(ours.events.expect<ua::ended>());
}

TEST(Baresip, CallsUsIsAnsweredAndHangsUp) {
  agent ours;
  telephone phone(ours.uri("+16505550100"), ours.port);
  ASSERT_TRUE(phone.is_listening);
  const auto incoming = ours.events.expect<ua::incoming_invite>();
  ASSERT_TRUE(incoming) << phone.output();
  EXPECT_EQ(incoming->source_port, phone.port);
  const auto answer = ua::answer_offer(incoming->sdp, our_media());
  ASSERT_TRUE(answer) << incoming->sdp;
  ours.user_agent.send_progress(incoming->key, 180, "");
  ours.user_agent.answer(incoming->key, answer->sdp);
  EXPECT_TRUE(ours.events.expect<ua::acknowledged>());
  phone.terminate();  // it hangs up before it ends
  EXPECT_TRUE(ours.events.expect<ua::bye_received>());
  ours.user_agent.confirm_bye(incoming->key);
  EXPECT_TRUE(ours.events.expect<ua::ended>());
}

}  // namespace
}  // namespace tollgate::tests::sip
