#include "server/base/text.h"
#include "server/domain/segments.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = campaigner::fuzz::Text(data, size);
  if (!campaigner::base::IsValidUtf8(text)) return 0;
  const campaigner::domain::SmsSize sms = campaigner::domain::MeasureSms(text);
  const int per_part = sms.coding == campaigner::domain::SmsCoding::kGsm7 ? 153 : 67;
  campaigner::fuzz::Require(sms.segments >= 1);
  campaigner::fuzz::Require(sms.segments == 1 || sms.units > per_part);
  campaigner::fuzz::Require(sms.segments == 1 || sms.units <= sms.segments * per_part);
  return 0;
}
