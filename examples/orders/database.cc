// Connections, the traced statement helper, and the pool.
#include "examples/orders/database.h"

#include <array>
#include <filesystem>

namespace orders {
namespace {

using nanospan::Error;
using nanospan::ErrorCode;
using nanospan::Result;
using nanospan::Status;

constexpr int kBusyTimeoutMillis = 5000;
constexpr int kCheckpointBusyTimeoutMillis = 5;  // Writers wait behind it.
constexpr Sql kCommit{"COMMIT", "", "COMMIT", "COMMIT"};

nanospan::Tracer& tracer() {
  static nanospan::Tracer tracer({.name = "orders.database"});
  return tracer;
}

}  // namespace

std::string Row::text(int column) const {
  const unsigned char* bytes = sqlite3_column_text(statement_, column);
  if (bytes == nullptr) return {};
  return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

Result<std::unique_ptr<Connection>> Connection::open(const std::string& path, const std::string& database_name) {
  sqlite3* handle = nullptr;
  // NOMUTEX: a connection is used by one thread at a time, which its Lease makes sure of.
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  auto connection = std::make_unique<Connection>(handle, database_name);
  if (code != SQLITE_OK) {
    const char* why = handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
    return Error{ErrorCode::kSystem, "database " + path + ": " + why};
  }
  sqlite3_busy_timeout(handle, kBusyTimeoutMillis);
  // synchronous=NORMAL: in WAL mode a power cut may lose the last commits but never harms the file.
  Status ready = connection->run("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON");
  if (!ready) return ready.error().with_prefix("database " + path);
  return connection;
}

Connection::~Connection() {
  statements_.clear();
  sqlite3_close(handle_);
}

Status Connection::run(const char* text) {
  if (sqlite3_exec(handle_, text, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return Error{ErrorCode::kSystem, std::string(text) + ": " + sqlite3_errmsg(handle_)};
}

bool Connection::checkpoint(Checkpoint how) {
  const int mode = how == Checkpoint::kLogStartsAnew ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE;
  sqlite3_busy_timeout(handle_, kCheckpointBusyTimeoutMillis);
  return sqlite3_wal_checkpoint_v2(handle_, nullptr, mode, nullptr, nullptr) == SQLITE_OK;
}

Status Connection::execute(const Sql& sql, std::initializer_list<Value> parameters, const OnRow& on_row) {
  nanospan::Span span = start_span(sql, 1);
  return finish(span, step(sql, std::span(parameters.begin(), parameters.size()), on_row));
}

Status Connection::execute_batch(const Sql& sql, std::span<const std::vector<Value>> batch) {
  nanospan::Span span = start_span(sql, batch.size());
  for (const std::vector<Value>& parameters : batch) {
    if (Status done = step(sql, parameters, nullptr); !done) return finish(span, std::move(done));
  }
  return {};
}

// semantic-conventions docs/database/database-spans.md: kind CLIENT, the name is db.query.summary.
nanospan::Span Connection::start_span(const Sql& sql, std::size_t batch_size) const {
  std::array<nanospan::Attribute, 8> attributes;
  std::size_t count = 0;
  attributes[count++] = {"db.system.name", "sqlite"};
  attributes[count++] = {"db.namespace", database_name_};
  attributes[count++] = {"db.operation.name", sql.operation};
  if (*sql.collection != '\0') attributes[count++] = {"db.collection.name", sql.collection};
  attributes[count++] = {"db.query.summary", sql.summary};
  attributes[count++] = {"db.query.text", sql.text};
  // "db.operation.batch.size": only for batches, which begin at two.
  if (batch_size > 1) attributes[count++] = {"db.operation.batch.size", batch_size};
  return tracer().start_span(sql.summary,
                             {.kind = nanospan::SpanKind::kClient,
                              .attributes = std::span<const nanospan::Attribute>(attributes.data(), count)});
}

Status Connection::finish(nanospan::Span& span, Status status) const {
  if (!status) {
    const std::string code = std::to_string(sqlite3_extended_errcode(handle_));
    span.set("db.response.status_code", code).set("error.type", code);
    span.set_status(nanospan::StatusCode::kError, status.error().message);
  }
  return status;
}

Status Connection::step(const Sql& sql, std::span<const Value> parameters, const OnRow& on_row) {
  sqlite3_stmt* statement = prepared(sql);
  if (statement == nullptr) return error(sql);
  int index = 0;
  for (const Value& value : parameters) {
    ++index;
    if (const std::int64_t* integer = std::get_if<std::int64_t>(&value)) {
      sqlite3_bind_int64(statement, index, *integer);
    } else {
      const std::string_view text = std::get<std::string_view>(value);
      sqlite3_bind_text(statement, index, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
    }
  }
  int code;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
    if (on_row) on_row(Row(statement));
  }
  Status status;
  if (code != SQLITE_DONE) status = error(sql);
  sqlite3_reset(statement);
  return status;
}

sqlite3_stmt* Connection::prepared(const Sql& sql) {
  auto& statement = statements_[&sql];
  if (statement == nullptr) {
    sqlite3_stmt* made = nullptr;
    sqlite3_prepare_v3(handle_, sql.text, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr);
    statement.reset(made);
  }
  return statement.get();
}

Error Connection::error(const Sql& sql) const {
  return {ErrorCode::kSystem, std::string(sql.summary) + ": " + sqlite3_errmsg(handle_)};
}

Result<std::unique_ptr<Database>> Database::open(const std::string& path, std::size_t readers, int log_pages_max) {
  const std::string name = std::filesystem::path(path).stem().string();
  std::unique_ptr<Database> database(new Database(log_pages_max));
  for (std::unique_ptr<Connection>* one : {&database->writer_, &database->checkpoint_connection_}) {
    Result<std::unique_ptr<Connection>> connection = Connection::open(path, name);
    if (!connection) return connection.error();
    *one = std::move(*connection);
  }
  for (std::size_t i = 0; i < readers; ++i) {
    Result<std::unique_ptr<Connection>> connection = Connection::open(path, name);
    if (!connection) return connection.error();
    database->free_.push_back(connection->get());
    database->readers_.push_back(std::move(*connection));
  }
  const auto hook = [](void* self, sqlite3*, const char*, int pages) {
    static_cast<Database*>(self)->committed(pages);
    return SQLITE_OK;
  };
  database->writer_->on_commit(hook, database.get());
  database->checkpoint_thread_ = std::thread([self = database.get()] { self->make_checkpoints(); });
  return database;
}

Database::~Database() {
  if (!checkpoint_thread_.joinable()) return;  // It did not open.
  {
    const std::lock_guard lock(log_mutex_);
    closing_ = true;
  }
  log_changed_.notify_one();
  checkpoint_thread_.join();
}

/// By the writer, within its commit.
void Database::committed(int pages) {
  {
    const std::lock_guard lock(log_mutex_);
    log_pages_ = pages;
    if (log_pages_ < checkpoint_due_) return;
  }
  log_changed_.notify_one();
}

/// Small steps beside the writers, so that little is left for the one that they wait for. Whatever fails is tried again
/// with the next step: the data is in the log, and stays there.
void Database::make_checkpoints() {
  std::unique_lock lock(log_mutex_);
  for (;;) {
    log_changed_.wait(lock, [&] { return log_pages_ >= checkpoint_due_ || closing_; });
    if (closing_) return;
    const bool long_enough = log_pages_ >= log_pages_max_;
    lock.unlock();
    checkpoint_connection_->checkpoint(Connection::Checkpoint::kBesideWriters);
    if (long_enough) start_log_anew();
    lock.lock();
    checkpoint_due_ = log_pages_ + step();
  }
}

void Database::start_log_anew() {
  checkpoint_connection_->checkpoint(Connection::Checkpoint::kBesideWriters);  // What the first took its time for.
  const std::lock_guard writing(writing_);
  if (!checkpoint_connection_->checkpoint(Connection::Checkpoint::kLogStartsAnew)) return;
  checkpoints_.fetch_add(1, std::memory_order_relaxed);
  const std::lock_guard lock(log_mutex_);
  log_pages_ = 0;
}

Database::Lease Database::reader() {
  std::unique_lock lock(mutex_);
  returned_.wait(lock, [&] { return !free_.empty(); });
  Connection* connection = free_.back();
  free_.pop_back();
  return {*this, connection};
}

void Database::give_back(Connection* connection) {
  {
    const std::lock_guard lock(mutex_);
    free_.push_back(connection);
  }
  returned_.notify_one();
}

Status Database::write(const std::function<Status(Connection&)>& work) {
  const std::lock_guard lock(writing_);
  Status status = writer_->run("BEGIN IMMEDIATE");  // No span: with writing_ held it has nobody to wait for.
  if (!status) return status;
  status = work(*writer_);
  if (status) status = writer_->execute(kCommit, {});
  if (!status) static_cast<void>(writer_->run("ROLLBACK"));  // The first error is the one that counts.
  return status;
}

}  // namespace orders
