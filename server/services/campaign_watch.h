#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "campaigner/v1/campaign_service.pb.h"
#include "server/services/environment.h"

namespace campaigner::services {

// WatchCampaign. A reader that does not keep up is told the latest and misses what was between.
grpc::ServerWriteReactor<v1::CampaignProgress>* ServeCampaignWatch(
    const Environment& env, grpc::CallbackServerContext* context,
    const v1::WatchCampaignRequest* request);

}  // namespace campaigner::services
