#pragma once

#include <curl/curl.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "server/net/http_client.h"

namespace campaigner::net {

// Which addresses may be dialled.
struct AddressGuard {
  bool is_on = false;
  NetworkList allowed;

  bool Allows(const AddressBytes& address) const {
    return !is_on || allowed.Contains(address) || IsPublicAddress(address);
  }
};

// Sockets live in real time, so deadlines of exchanges do too.
using SteadyTime = std::chrono::steady_clock::time_point;

// One exchange: its request, what libcurl's handle is told about it, and what came back. Not
// thread-safe; stays in place while attached.
class Transfer {
 public:
  Transfer(HttpRequest request, HttpClient::Done done, std::string destination, SteadyTime now);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  const std::string& destination() const { return destination_; }
  SteadyTime deadline() const { return deadline_; }

  // Called once, when there is a connection and the request is about to be sent.
  using OnConnected = std::function<void(const std::string& destination)>;

  // Sets up `easy`, which is fresh or reset, and finds its way back by CURLINFO_PRIVATE.
  // `guard` and `on_connected` must outlive the exchange.
  void Attach(CURL* easy, const AddressGuard& guard, const OnConnected& on_connected,
              SteadyTime now);
  // Whether OnConnected was called.
  bool was_connected() const { return was_connected_; }
  // What the exchange came to, once libcurl is through with it.
  HttpResult Conclude(CURLcode code);
  // For an exchange that was broken off, at any stage.
  HttpResult BreakOff(const std::string& why);

  // Writes the line and calls Done.
  void Finish(HttpResult result, ExchangeLog* log, SteadyTime now);

 private:
  struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  static size_t OnHeader(char* data, size_t size, size_t count, void* self);
  static size_t OnBody(char* data, size_t size, size_t count, void* self);
  static curl_socket_t OnOpenSocket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int OnReadyToSend(void* self, char*, char*, int, int);

  void SetHeaders();
  void SetMethodAndBody();
  // Whether any byte of the request went out.
  bool WasSent() const;
  HttpResult Failed(HttpFailure failure, const std::string& error) const;

  const HttpRequest request_;
  HttpClient::Done done_;
  const std::string destination_;
  const SteadyTime start_;
  const SteadyTime deadline_;
  const AddressGuard* guard_ = nullptr;
  const OnConnected* on_connected_ = nullptr;
  CURL* easy_ = nullptr;
  std::unique_ptr<curl_slist, FreeList> headers_;
  std::array<char, CURL_ERROR_SIZE> curl_error_{};
  std::string body_;
  size_t header_bytes_ = 0;
  bool is_too_large_ = false;
  bool is_repeat_refused_ = false;
  bool was_connected_ = false;
  int addresses_dialled_ = 0;
  int addresses_refused_ = 0;
};

}  // namespace campaigner::net
