#include "server/server.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "server/base/log.h"
#include "server/base/status_macros.h"
#include "server/base/text.h"
#include "server/component_options.h"
#include "server/dispatch/dispatcher.h"
#include "server/dispatch/maintenance.h"
#include "server/imports/uploads.h"
#include "server/metrics.h"
#include "server/operations/rates.h"
#include "server/operations/runner.h"
#include "server/register_operations.h"
#include "server/rpc/grpc_server.h"
#include "server/services/bootstrap.h"
#include "server/services/convert/config.h"
#include "server/services/estimates.h"
#include "server/services/grpc_services.h"
#include "server/services/secrets.h"
#include "server/storage/sqlite/sqlite_store.h"
#include "server/webhooks/sender.h"

namespace campaigner {
namespace {

namespace limits = base::limits;
using services::Settings;

absl::Status MakeDataDir(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) {
    return absl::UnavailableError(
        fmt::format("the data folder {} cannot be made: {}", path, error.message()));
  }
  // Messages and secrets lie in it.
  chmod(path.c_str(), S_IRWXU);
  return absl::OkStatus();
}

absl::StatusOr<std::string> MakeOwner() {
  ASSIGN_OR_RETURN(const std::string nonce, services::RandomBytes(8));
  return fmt::format("{}-{}", getpid(), base::ToHex(nonce));
}

}  // namespace

// In the order in which they need each other: destroyed from the end.
struct Server::Parts {
  Parts(ServerOptions server_options, Settings server_settings)
      : options(std::move(server_options)),
        settings(std::move(server_settings)),
        clock(options.clock != nullptr ? *options.clock : system_clock) {}

  absl::Status OpenStore();
  absl::Status MakeProviders();
  absl::Status StartDispatch();
  absl::Status StartOperations();
  absl::Status StartServices();
  absl::Status StartMetrics();
  void Stop();

  const ServerOptions options;
  const Settings settings;
  base::SystemClock system_clock;
  base::Clock& clock;
  std::string owner;
  std::string admin_key;
  Metrics metrics;
  services::WatchHub watch_hub;
  domain::PhoneNormalizer phones;
  std::unique_ptr<storage::Store> store;
  std::unique_ptr<domain::ReferenceSigner> references;
  std::unique_ptr<rpc::PageTokens> page_tokens;

  std::unique_ptr<net::HttpClient> provider_http;
  std::unique_ptr<net::HttpClient> webhook_http;
  std::unique_ptr<dispatch::ReceiptCollector> receipts;
  std::vector<std::unique_ptr<providers::Provider>> providers;
  std::unique_ptr<dispatch::RouteTable> routes;
  std::unique_ptr<dispatch::DispatchMetrics> dispatch_metrics;
  dispatch::OutlookBoard outlook;
  std::unique_ptr<dispatch::Dispatcher> dispatcher;
  std::unique_ptr<dispatch::Maintenance> maintenance;
  webhooks::WebhookMetrics webhook_metrics;
  std::unique_ptr<webhooks::WebhookSender> sender;

  std::unique_ptr<imports::Uploads> uploads;
  imports::ImportMetrics import_metrics;
  std::unique_ptr<operations::Rates> operation_rates;
  std::unique_ptr<services::OperationHub> operation_hub;
  std::unique_ptr<operations::Runner> runner;

  std::unique_ptr<rpc::Authenticator> authenticator;
  std::unique_ptr<rpc::CallRunner> calls;
  rpc::KeyRates key_rates;
  std::unique_ptr<services::AccountCache> accounts;
  std::unique_ptr<services::ProgressHub> progress_hub;
  services::LiveCalls live_calls{clock};
  services::AccountPlaces estimate_places{services::kEstimatesMax};
  rpc::Executor call_executor{limits::kCallThreads, limits::kCallQueueMax};
  rpc::Executor send_executor{limits::kSendThreads, limits::kSendQueueMax};
  std::unique_ptr<services::Environment> env;
  std::vector<std::unique_ptr<grpc::Service>> grpc_services;
  std::unique_ptr<rpc::GrpcServer> grpc_server;
  std::unique_ptr<MetricsEndpoint> metrics_endpoint;
  base::Mutex stop_mutex;
  bool is_stopped GUARDED_BY(stop_mutex) = false;
};

absl::Status Server::Parts::OpenStore() {
  if (!phones.IsRegion(settings.default_region)) {
    return absl::InvalidArgumentError(fmt::format(
        "default_region \"{}\" is not an ISO 3166-1 alpha-2 region", settings.default_region));
  }
  RETURN_IF_ERROR(MakeDataDir(options.data_dir));
  storage::SqliteOptions sqlite;
  sqlite.path = options.data_dir + "/campaigner.db";
  sqlite.clock = &clock;
  ASSIGN_OR_RETURN(store, storage::OpenSqliteStore(sqlite));
  ASSIGN_OR_RETURN(std::string reference_secret, store->GetOrCreateSecret("reference"));
  references = std::make_unique<domain::ReferenceSigner>(std::move(reference_secret));
  ASSIGN_OR_RETURN(std::string page_secret, store->GetOrCreateSecret("page_token"));
  page_tokens = std::make_unique<rpc::PageTokens>(std::move(page_secret));
  ASSIGN_OR_RETURN(admin_key, services::Bootstrap(*store, settings.default_region, clock.Now()));
  return absl::OkStatus();
}

absl::Status Server::Parts::MakeProviders() {
  ASSIGN_OR_RETURN(const auto exchange_log, OpenExchangeLog(settings, options.data_dir));
  provider_http = net::MakeHttpClient(ProviderHttpOptions(settings, exchange_log));
  webhook_http = net::MakeHttpClient(WebhookHttpOptions(settings, exchange_log));
  receipts = std::make_unique<dispatch::ReceiptCollector>(clock);
  const providers::ReceiptSink sink = [this](std::vector<providers::Receipt> received) {
    receipts->Add(std::move(received));
  };
  std::vector<dispatch::RouteOptions> route_options = settings.routes;
  for (const providers::ProviderOptions& provider_options : settings.providers) {
    ASSIGN_OR_RETURN(
        auto provider,
        providers::MakeProvider(provider_options,
                                {.clock = clock, .http = *provider_http, .receipts = sink}));
    for (dispatch::RouteOptions& route : route_options) {
      if (route.provider_name == provider_options.name) route.provider = provider.get();
    }
    providers.push_back(std::move(provider));
  }
  ASSIGN_OR_RETURN(auto table, dispatch::RouteTable::Make(std::move(route_options), *store));
  routes = std::make_unique<dispatch::RouteTable>(std::move(table));
  return absl::OkStatus();
}

absl::Status Server::Parts::StartDispatch() {
  ASSIGN_OR_RETURN(owner, MakeOwner());
  dispatch_metrics = std::make_unique<dispatch::DispatchMetrics>(*routes);
  dispatch::DispatcherOptions dispatcher_options;
  dispatcher_options.owner = owner;
  dispatcher_options.receipt_base_url = settings.receipt_base_url;
  dispatcher_options.drain_timeout = options.drain_timeout;
  const dispatch::DispatchContext context{.store = *store,
                                          .clock = clock,
                                          .routes = *routes,
                                          .receipts = *receipts,
                                          .metrics = *dispatch_metrics,
                                          .outlook = &outlook};
  dispatcher = std::make_unique<dispatch::Dispatcher>(dispatcher_options, context);
  maintenance =
      std::make_unique<dispatch::Maintenance>(MaintenanceOptions(settings, owner), context);
  sender = std::make_unique<webhooks::WebhookSender>(
      SenderOptions(settings, options.drain_timeout),
      webhooks::WebhookSenderContext{
          .store = *store, .clock = clock, .http = *webhook_http, .metrics = webhook_metrics});
  store->AddObserver(dispatcher.get());
  store->AddObserver(maintenance.get());
  store->AddObserver(sender.get());
  store->AddObserver(&watch_hub);
  store->AddObserver(&metrics);
  RETURN_IF_ERROR(maintenance->Start());
  RETURN_IF_ERROR(dispatcher->Start());
  sender->Start();
  return absl::OkStatus();
}

absl::Status Server::Parts::StartOperations() {
  uploads = std::make_unique<imports::Uploads>(options.data_dir + "/uploads",
                                               imports::UploadLimits(), *store, clock);
  RETURN_IF_ERROR(uploads->Start());
  operation_rates = std::make_unique<operations::Rates>(clock);
  operation_hub = std::make_unique<services::OperationHub>(clock);
  runner = std::make_unique<operations::Runner>(operations::RunnerOptions(), *store, clock);
  RegisterOperations({.store = *store,
                      .clock = clock,
                      .routes = *routes,
                      .phones = phones,
                      .uploads = *uploads,
                      .import_metrics = import_metrics},
                     *runner);
  store->AddObserver(operation_rates.get());
  store->AddObserver(operation_hub.get());
  store->AddObserver(runner.get());
  operation_hub->Start();
  runner->Start();
  return absl::OkStatus();
}

absl::Status Server::Parts::StartServices() {
  authenticator = std::make_unique<rpc::Authenticator>(*store, settings.trusted_gateways);
  calls = std::make_unique<rpc::CallRunner>(*authenticator, metrics.calls(), clock);
  accounts = std::make_unique<services::AccountCache>(*store);
  progress_hub = std::make_unique<services::ProgressHub>(*store, outlook, clock, settings.currency);
  progress_hub->Start();
  env.reset(new services::Environment{.store = *store,
                                      .clock = clock,
                                      .routes = *routes,
                                      .outlook = outlook,
                                      .phones = phones,
                                      .references = *references,
                                      .page_tokens = *page_tokens,
                                      .default_region = settings.default_region,
                                      .currency = settings.currency,
                                      .webhook_networks = settings.webhook_networks,
                                      .calls = *calls,
                                      .call_executor = call_executor,
                                      .send_executor = send_executor,
                                      .key_rates = key_rates,
                                      .accounts = *accounts,
                                      .watch_hub = watch_hub,
                                      .progress_hub = *progress_hub,
                                      .live_calls = live_calls,
                                      .uploads = *uploads,
                                      .operation_rates = *operation_rates,
                                      .operation_runner = *runner,
                                      .operation_hub = *operation_hub,
                                      .estimate_places = estimate_places});
  live_calls.Start();
  grpc_services = services::MakeGrpcServices(*env);
  rpc::GrpcServerOptions grpc_options;
  grpc_options.listen = options.listen;
  grpc_options.certificate_path = options.tls.certificate_path;
  grpc_options.key_path = options.tls.key_path;
  grpc_options.client_ca_path = options.tls.client_ca_path;
  for (const auto& service : grpc_services) grpc_options.services.push_back(service.get());
  ASSIGN_OR_RETURN(grpc_server, rpc::GrpcServer::Start(grpc_options));
  return absl::OkStatus();
}

absl::Status Server::Parts::StartMetrics() {
  if (options.metrics_listen.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(metrics_endpoint, MetricsEndpoint::Start(options.metrics_listen, metrics,
                                                            {.store = *store,
                                                             .clock = clock,
                                                             .dispatch = *dispatch_metrics,
                                                             .webhooks = webhook_metrics,
                                                             .imports = import_metrics,
                                                             .runner = *runner}));
  return absl::OkStatus();
}

void Server::Parts::Stop() {
  base::MutexLock lock(stop_mutex);
  if (is_stopped) return;
  is_stopped = true;
  if (grpc_server != nullptr) {
    grpc_server->AnnounceDrain();
    live_calls.DrainAll();
    grpc_server->Shutdown(options.drain_timeout);
  }
  live_calls.Stop();
  if (runner != nullptr) runner->Stop();
  if (operation_hub != nullptr) operation_hub->Stop();
  if (progress_hub != nullptr) progress_hub->Stop();
  if (maintenance != nullptr) maintenance->Stop();
  if (dispatcher != nullptr) dispatcher->Stop();
  for (const auto& provider : providers) provider->Stop();
  if (sender != nullptr) sender->Stop();
  if (provider_http != nullptr) provider_http->Stop();
  if (webhook_http != nullptr) webhook_http->Stop();
  if (store != nullptr) store->Drain();
  call_executor.Stop();
  send_executor.Stop();
  metrics_endpoint.reset();
}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(ServerOptions options) {
  ASSIGN_OR_RETURN(Settings settings,
                   services::ParseSettings(options.config_text, services::ProcessEnviron));
  auto parts = std::make_unique<Parts>(std::move(options), std::move(settings));
  std::unique_ptr<Server> server(new Server(std::move(parts)));
  RETURN_IF_ERROR(server->parts_->OpenStore());
  RETURN_IF_ERROR(server->parts_->MakeProviders());
  RETURN_IF_ERROR(server->parts_->StartDispatch());
  RETURN_IF_ERROR(server->parts_->StartOperations());
  RETURN_IF_ERROR(server->parts_->StartServices());
  RETURN_IF_ERROR(server->parts_->StartMetrics());
  return server;
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Server::~Server() { parts_->Stop(); }

int Server::port() const { return parts_->grpc_server->port(); }

int Server::metrics_port() const {
  return parts_->metrics_endpoint == nullptr ? 0 : parts_->metrics_endpoint->port();
}

const std::string& Server::admin_key() const { return parts_->admin_key; }

void Server::Stop() { parts_->Stop(); }

}  // namespace campaigner
