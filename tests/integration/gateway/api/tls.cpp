// SPDX-License-Identifier: Apache-2.0
// The API by TLS: versions, a certificate that is renewed while it runs, and clients that must show one.
#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "fixture.hpp"
#include "gateway/overlay/tls.hpp"

namespace tollgate::gateway::api {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using testing::StartsWith;

class Tls : public Api {
 protected:
  void SetUp() override {
    authority_ = overlay::make_certificate_authority("test", std::chrono::system_clock::now()).value();
    stranger_ = overlay::make_certificate_authority("stranger", std::chrono::system_clock::now()).value();
    std::string pattern = "/tmp/tollgate-tls-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    renew(authority_);
    std::ofstream(folder_ / "authority.pem") << authority_.certificate;
    Api::SetUp();
  }
  void TearDown() override {
    Api::TearDown();
    fs::remove_all(folder_);
  }
  void adjust(server_options& options) override { options.tls = {folder_ / "server.pem", folder_ / "key.pem", {}}; }

  void renew(const overlay::pem_pair& by) {
    const auto made = overlay::issue_server_certificate(by, {}, std::chrono::system_clock::now()).value();
    std::ofstream(folder_ / "key.new") << made.key;
    std::ofstream(folder_ / "server.new") << made.certificate;
    fs::rename(folder_ / "key.new", folder_ / "key.pem");
    fs::rename(folder_ / "server.new", folder_ / "server.pem");
  }

  // What GET /health is answered, by this authority and at most this version; "": no connection.
  std::string ask(const overlay::pem_pair& trusted, int version = 0, const overlay::pem_pair* shown = nullptr) {
    asio::ssl::context tls(asio::ssl::context::tls_client);
    tls.add_certificate_authority(asio::buffer(trusted.certificate));
    tls.set_verify_mode(asio::ssl::verify_peer);
    tls.set_verify_callback(asio::ssl::host_name_verification("127.0.0.1"));
    if (version != 0) {
      SSL_CTX_set_min_proto_version(tls.native_handle(), version);
      SSL_CTX_set_max_proto_version(tls.native_handle(), version);
      SSL_CTX_set_security_level(tls.native_handle(), 0);  // or OpenSSL itself would not offer what is old
    }
    if (shown != nullptr) {
      tls.use_certificate_chain(asio::buffer(shown->certificate));
      tls.use_private_key(asio::buffer(shown->key), asio::ssl::context::pem);
    }
    asio::io_context context;
    asio::ssl::stream<asio::ip::tcp::socket> stream(context, tls);
    stream.next_layer().connect({asio::ip::make_address("127.0.0.1"), port_});
    boost::system::error_code error;
    stream.handshake(asio::ssl::stream_base::client, error);
    if (error) return {};
    asio::write(stream, asio::buffer(std::string("GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")), error);
    std::string got;
    asio::read(stream, asio::dynamic_buffer(got), error);
    return got;
  }

  overlay::pem_pair authority_, stranger_;
  fs::path folder_;
};

TEST_F(Tls, ServesVersions12And13AndNothingElse) {
  EXPECT_THAT(ask(authority_, TLS1_2_VERSION), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(ask(authority_, TLS1_3_VERSION), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(ask(authority_, TLS1_1_VERSION), "");
  EXPECT_EQ(ask(stranger_), "");
  EXPECT_THAT(exchange("GET /health HTTP/1.1\r\nHost: x\r\n\r\n"), testing::Not(StartsWith("HTTP/"))) << "not in clear";
  EXPECT_THAT(ask(authority_), StartsWith("HTTP/1.1 200")) << "it goes on";
}

TEST_F(Tls, ARenewedCertificateIsTakenUpAndABrokenOneIsNot) {
  renew(stranger_);
  while (ask(stranger_).empty())
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(ask(authority_), "");
  std::ofstream(folder_ / "server.pem") << "nonsense";
  std::this_thread::sleep_for(std::chrono::milliseconds(2'500));  // it has been looked at, or is not yet: either way
  EXPECT_THAT(ask(stranger_), StartsWith("HTTP/1.1 200"));
}

std::string content_of(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

class MutualTls : public Tls {
 protected:
  void adjust(server_options& options) override {
    own_ = make_client("own");
    other_ = make_client("other");
    options.tls = {folder_ / "server.pem", folder_ / "key.pem", folder_ / "own.crt"};
  }
  // A certificate that stands for itself.
  overlay::pem_pair make_client(const std::string& name) {
    const std::string at = (folder_ / name).string();
    const std::string command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=" + name + " -keyout " +
                                at + ".key -out " + at + ".crt 2> " + at + ".log";
    EXPECT_EQ(std::system(command.c_str()), 0) << content_of(at + ".log");
    return {content_of(at + ".crt"), content_of(at + ".key")};
  }
  overlay::pem_pair own_, other_;
};

TEST_F(MutualTls, ClientsShowACertificateOfTheAuthorities) {
  EXPECT_THAT(ask(authority_, 0, &own_), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(ask(authority_, TLS1_2_VERSION, &own_), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(ask(authority_), "");
  EXPECT_EQ(ask(authority_, 0, &other_), "");
}

}  // namespace
}  // namespace tollgate::gateway::api
