// The database of the orders service: its log goes into its file on a thread of its own, while orders come and go.
#include "examples/orders/database.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/temporary_folder.h"

namespace orders {
namespace {

constexpr Sql kInsert{"INSERT", "orders", "INSERT orders", "INSERT INTO orders (customer) VALUES (?)"};
constexpr Sql kCount{"SELECT", "orders", "SELECT orders", "SELECT count(*) FROM orders"};
constexpr const char* kSchema = "CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, customer TEXT)";
constexpr int kLogPagesMax = 8;

std::unique_ptr<Database> open(const std::filesystem::path& path) {
  nanospan::Result<std::unique_ptr<Database>> database = Database::open(path.string(), 2, kLogPagesMax);
  EXPECT_TRUE(database.ok()) << database.error().message;
  EXPECT_TRUE((*database)->prepare(kSchema).ok());
  return std::move(*database);
}

void insert(Database& database) {
  const auto work = [](Connection& connection) { return connection.execute(kInsert, {std::string_view("ann")}); };
  ASSERT_TRUE(database.write(work).ok());
}

std::int64_t count(Database& database) {
  std::int64_t found = 0;
  EXPECT_TRUE(database.reader()->execute(kCount, {}, [&](const Row& row) { found = row.integer(0); }).ok());
  return found;
}

TEST(OrdersDatabaseTest, TheLogGoesIntoTheFileWhileOrdersComeAndGo) {
  const nanospan::testing::TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "shop.db";
  const std::unique_ptr<Database> database = open(path);
  const std::uintmax_t file_bytes = std::filesystem::file_size(path);  // All is in the log as yet.
  std::int64_t inserted = 0;
  while (database->checkpoints() < 3) {
    insert(*database);
    ASSERT_EQ(count(*database), ++inserted);
  }
  EXPECT_GT(std::filesystem::file_size(path), file_bytes);
}

TEST(OrdersDatabaseTest, AReaderInTheMidstOfTheLogKeepsItAndHoldsUpNobody) {
  const nanospan::testing::TemporaryFolder folder;
  const std::unique_ptr<Database> database = open(folder.path() / "shop.db");
  insert(*database);
  std::int64_t inserted = 1;
  const auto while_it_reads = [&](const Row&) {
    for (; inserted < 10 * kLogPagesMax; ++inserted) insert(*database);
    EXPECT_EQ(database->checkpoints(), 0);
  };
  ASSERT_TRUE(database->reader()->execute(kCount, {}, while_it_reads).ok());
  while (database->checkpoints() == 0) {
    insert(*database);
    ++inserted;
  }
  EXPECT_EQ(count(*database), inserted);
}

}  // namespace
}  // namespace orders
