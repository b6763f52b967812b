#include "server/storage/sqlite/sqlite_store.h"
#include "tests/conformance/store/store_test.h"
#include "tests/support/temp_dir.h"

namespace campaigner::storage {
namespace {

class SqliteMemory final : public StoreMemory {
 public:
  std::unique_ptr<Store> Open() override {
    return OpenSqliteStore({.path = folder_.File("campaigner.db")}).value();
  }

 private:
  testing::TempDir folder_;
};

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreTest, ::testing::Values(MakeStoreMemory([] {
                           return std::make_unique<SqliteMemory>();
                         })));

}  // namespace
}  // namespace campaigner::storage
