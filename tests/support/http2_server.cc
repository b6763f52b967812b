#include "tests/support/http2_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <map>
#include <utility>

namespace campaigner::testing {
namespace {

constexpr std::chrono::seconds kPatience(20);

int SelectHttp2(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                unsigned in_size, void*) {
  // "h2" among what the client offers, or no connection.
  const int found =
      nghttp2_select_next_protocol(const_cast<unsigned char**>(out), out_size, in, in_size);
  return found == 1 ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

nghttp2_nv Field(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

// One connection, from its handshake to its end. Of one thread.
class Http2Connection {
 public:
  Http2Connection(Http2Server& server, int number, SSL* tls)
      : server_(server), number_(number), tls_(tls) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, OnHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, OnData);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, OnFrame);
    nghttp2_session_server_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
  }
  ~Http2Connection() { nghttp2_session_del(session_); }
  Http2Connection(const Http2Connection&) = delete;
  Http2Connection& operator=(const Http2Connection&) = delete;

  void Run() {
    std::array<uint8_t, 16 << 10> buffer;
    while (Flush()) {
      const int size = SSL_read(tls_, buffer.data(), static_cast<int>(buffer.size()));
      if (size <= 0) return;
      if (nghttp2_session_mem_recv(session_, buffer.data(), static_cast<size_t>(size)) < 0) return;
    }
  }

 private:
  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name,
                      size_t name_size, const uint8_t* value, size_t value_size, uint8_t,
                      void* self) {
    if (std::string_view(reinterpret_cast<const char*>(name), name_size) == ":path") {
      static_cast<Http2Connection*>(self)->streams_[frame->hd.stream_id].path.assign(
          reinterpret_cast<const char*>(value), value_size);
    }
    return 0;
  }

  static int OnData(nghttp2_session*, uint8_t, int32_t stream, const uint8_t* data, size_t size,
                    void* self) {
    static_cast<Http2Connection*>(self)->streams_[stream].body.append(
        reinterpret_cast<const char*>(data), size);
    return 0;
  }

  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    const bool is_request = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (is_request && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
      static_cast<Http2Connection*>(self)->Serve(frame->hd.stream_id);
    }
    return 0;
  }

  static ssize_t ReadBody(nghttp2_session*, int32_t, uint8_t* buffer, size_t size, uint32_t* flags,
                          nghttp2_data_source* source, void*) {
    auto& left = *static_cast<std::string_view*>(source->ptr);
    const size_t count = left.copy(reinterpret_cast<char*>(buffer), size);
    left.remove_prefix(count);
    if (left.empty()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(count);
  }

  void Serve(int32_t stream) {
    Http2Request& request = streams_[stream];
    request.connection = number_;
    request.stream = stream;
    switch (server_.Take(request)) {
      case Http2Answer::kOk: return Answer(stream);
      case Http2Answer::kHold: held_.push_back(stream); return;
      case Http2Answer::kRefuse:
        nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, NGHTTP2_REFUSED_STREAM);
        return;
      case Http2Answer::kGoAway:
        held_.push_back(stream);
        nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, held_.front(), NGHTTP2_NO_ERROR, nullptr,
                              0);
        return Answer(held_.front());
      case Http2Answer::kBreak: is_broken_ = true; return;
    }
  }

  void Answer(int32_t stream) {
    std::string_view& left = bodies_[stream] = streams_[stream].body;
    const nghttp2_nv status = Field(":status", "200");
    nghttp2_data_provider provider{};
    provider.source.ptr = &left;
    provider.read_callback = ReadBody;
    nghttp2_submit_response(session_, stream, &status, 1, &provider);
  }

  // False: the connection is over.
  bool Flush() {
    const uint8_t* bytes = nullptr;
    ssize_t size = 0;
    while (!is_broken_ && (size = nghttp2_session_mem_send(session_, &bytes)) > 0) {
      if (SSL_write(tls_, bytes, static_cast<int>(size)) <= 0) return false;
    }
    return !is_broken_ && size == 0;
  }

  Http2Server& server_;
  const int number_;
  SSL* const tls_;
  nghttp2_session* session_ = nullptr;
  std::map<int32_t, Http2Request> streams_;
  // What is still to be sent of each answer.
  std::map<int32_t, std::string_view> bodies_;
  std::vector<int32_t> held_;
  bool is_broken_ = false;
};

Http2Server::Http2Server(const CertificateFiles& files, Handler handler, Speaks speaks)
    : handler_(std::move(handler)),
      speaks_(speaks),
      tls_(SSL_CTX_new(TLS_server_method()), SSL_CTX_free) {
  std::signal(SIGPIPE, SIG_IGN);
  EXPECT_EQ(SSL_CTX_use_certificate_chain_file(tls_.get(), files.certificate.c_str()), 1);
  EXPECT_EQ(SSL_CTX_use_PrivateKey_file(tls_.get(), files.key.c_str(), SSL_FILETYPE_PEM), 1);
  if (speaks == Speaks::kHttp2) SSL_CTX_set_alpn_select_cb(tls_.get(), SelectHttp2, nullptr);
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(listen(listener_, SOMAXCONN), 0);
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

Http2Server::~Http2Server() {
  {
    base::MutexLock lock(mutex_);
    is_stopped_ = true;
    for (const int fd : open_) shutdown(fd, SHUT_RDWR);
  }
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
  close(listener_);
}

std::string Http2Server::Url(std::string_view path) const {
  return fmt::format("https://127.0.0.1:{}{}", port_, path);
}

std::vector<Http2Request> Http2Server::requests() const {
  base::MutexLock lock(mutex_);
  return requests_;
}

bool Http2Server::WaitForRequests(size_t count) {
  base::MutexLock lock(mutex_);
  return came_.wait_for(lock, kPatience, [&] { return requests_.size() >= count; });
}

void Http2Server::Accept() {
  for (int number = 1;; ++number) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    {
      base::MutexLock lock(mutex_);
      if (is_stopped_) {
        close(fd);
        return;
      }
      open_.push_back(fd);
    }
    threads_.emplace_back([this, fd, number] {
      const std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(tls_.get()), SSL_free);
      SSL_set_fd(tls.get(), fd);
      if (SSL_accept(tls.get()) == 1) {
        if (speaks_ == Speaks::kHttp2) {
          Http2Connection(*this, number, tls.get()).Run();
        } else {
          ServeHttp1(number, tls.get());
        }
      }
      base::MutexLock lock(mutex_);
      open_.remove(fd);
      close(fd);
    });
  }
}

void Http2Server::ServeHttp1(int connection, SSL* tls) {
  std::array<char, 4096> buffer;
  std::string head;
  int size = 0;
  while (head.find("\r\n\r\n") == std::string::npos) {
    size = SSL_read(tls, buffer.data(), static_cast<int>(buffer.size()));
    if (size <= 0) return;
    head.append(buffer.data(), static_cast<size_t>(size));
  }
  const size_t path = head.find(' ') + 1;
  const Http2Request request{head.substr(path, head.find(' ', path) - path), "", connection, 0};
  constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  if (Take(request) == Http2Answer::kOk) {
    SSL_write(tls, kAnswer.data(), static_cast<int>(kAnswer.size()));
  }
  // Until the client, or the test, has enough.
  SSL_read(tls, buffer.data(), static_cast<int>(buffer.size()));
}

Http2Answer Http2Server::Take(const Http2Request& request) {
  {
    base::MutexLock lock(mutex_);
    requests_.push_back(request);
  }
  came_.notify_all();
  return handler_(request);
}

}  // namespace campaigner::testing
