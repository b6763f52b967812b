#pragma once

#include <prometheus/collectable.h>

#include <vector>

#include "server/metrics.h"

namespace campaigner {

// Reads the figures that the rooms keep, each time somebody asks for them. Thread-safe.
class MetricsFigures final : public prometheus::Collectable {
 public:
  explicit MetricsFigures(MetricsSources sources) : sources_(sources) {}

  // What the store cannot tell now is left out.
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const MetricsSources sources_;
};

}  // namespace campaigner
