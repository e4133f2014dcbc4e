// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/media_engine.hpp"

#include "gateway/call/media_worker.hpp"

namespace tollgate::gateway::call {

media_engine::media_engine(media_options options, clocks c, overlay::dtls_context certificate,
                           boost::asio::any_io_executor signalling)
    : worker_(std::make_shared<media_worker>(std::move(options), std::move(c), std::move(certificate),
                                             std::move(signalling))) {
  worker_->start();
}

media_engine::~media_engine() {
  worker_->stop();
}

std::shared_ptr<media_session> media_engine::open(std::function<void(media_message)> tell) {
  return std::make_shared<media_session>(worker_, std::move(tell));
}

std::uint16_t media_engine::overlay_port() const {
  return worker_->overlay_port();
}

const overlay::fingerprint& media_engine::fingerprint() const {
  return worker_->certificate().own_certificate().digest();
}

}  // namespace tollgate::gateway::call
