#include "server/base/text.h"
#include "server/domain/template.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = campaigner::fuzz::Text(data, size);
  if (!campaigner::domain::ValidateTemplate(text).ok()) return 0;
  const std::string rendered =
      campaigner::domain::Render(text, {{"field_1", "{field_2}"}, {"field_2", "x"}});
  campaigner::fuzz::Require(campaigner::base::IsValidUtf8(rendered));
  return 0;
}
