# Writes the file INPUT as a C++ source OUTPUT that defines DescriptorSetBytes().
file(READ ${INPUT} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(WRITE ${OUTPUT} "#include \"gateway/native/descriptor_set.h\"

namespace campaigner::gateway::native {
namespace {
const unsigned char kBytes[] = {${bytes}};
}  // namespace

std::string_view DescriptorSetBytes() {
  return {reinterpret_cast<const char*>(kBytes), sizeof(kBytes)};
}

}  // namespace campaigner::gateway::native
")
