// Database: SQLite with one connection that writes and a few that read, and one helper that runs every statement in a
// client span with the attributes of the database semantic conventions.
//
// SQLite in WAL mode lets readers go on while one writes, and there is never more than one writer. So writers queue on
// a mutex of ours, in order and without SQLite's busy polling, and readers take a connection from a small pool. A
// Database is thread-safe; a Connection belongs to whoever holds its Lease. Statements are prepared once per connection
// and kept.
//
// What is committed is in SQLite's log, and moves from there into the file in a checkpoint, which waits for the disk
// twice. Left to itself SQLite makes one within the commit that finds 1000 pages in the log, so at some thousand orders
// a second a writer, and all that queue behind it, wait for the disk 20 times a second. Here a thread does that beside
// them; they wait only now and then, for the last pages, so that the log starts anew.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

#include <nanospan/nanospan.h>

namespace orders {

/// One statement of the service. Static objects: their address is their identity.
struct Sql {
  const char* operation;   ///< db.operation.name: INSERT, SELECT, UPDATE ...
  const char* collection;  ///< db.collection.name: the table; "" if there is none.
  const char* summary;     ///< db.query.summary, and the span's name: "INSERT orders". Few distinct ones.
  const char* text;        ///< db.query.text: with placeholders only, so it never holds a customer's data.
};

using Value = std::variant<std::int64_t, std::string_view>;

/// A row of an answer, during the callback that gets it.
class Row {
 public:
  explicit Row(sqlite3_stmt* statement) : statement_(statement) {}
  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  std::string text(int column) const;

 private:
  sqlite3_stmt* statement_;
};

class Connection {
 public:
  using OnRow = std::function<void(const Row&)>;

  /// Opens the file (creating it) in WAL mode. `database_name` is what spans call it.
  static nanospan::Result<std::unique_ptr<Connection>> open(const std::string& path, const std::string& database_name);
  /// Takes over the handle; use open().
  Connection(sqlite3* handle, std::string database_name) : handle_(handle), database_name_(std::move(database_name)) {}
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Runs the statement in a span of its own, calling back with each row of the answer.
  nanospan::Status execute(const Sql& sql, std::initializer_list<Value> parameters, const OnRow& on_row = nullptr);
  /// Runs the statement once for each of `batch`, all in one span.
  nanospan::Status execute_batch(const Sql& sql, std::span<const std::vector<Value>> batch);
  /// Runs SQL without a span: for the schema, and for BEGIN and ROLLBACK.
  nanospan::Status run(const char* text);
  std::int64_t last_insert_id() const { return sqlite3_last_insert_rowid(handle_); }

  /// `committed(context, handle, name, pages)` after each commit, with the pages in the log; no more checkpoints by
  /// SQLite's own.
  void on_commit(int (*committed)(void*, sqlite3*, const char*, int), void* context) {
    sqlite3_wal_hook(handle_, committed, context);
  }
  enum class Checkpoint { kBesideWriters, kLogStartsAnew };
  /// Moves what is in the log into the file. kLogStartsAnew: with no writer beside it; waits a little for readers.
  /// False if the log goes on, since some still read it, or the disk failed.
  bool checkpoint(Checkpoint how);

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };

  nanospan::Span start_span(const Sql& sql, std::size_t batch_size) const;
  nanospan::Status step(const Sql& sql, std::span<const Value> parameters, const OnRow& on_row);
  sqlite3_stmt* prepared(const Sql& sql);
  nanospan::Error error(const Sql& sql) const;
  nanospan::Status finish(nanospan::Span& span, nanospan::Status status) const;

  sqlite3* handle_;
  std::string database_name_;
  std::unordered_map<const Sql*, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;
};

class Database {
 public:
  /// Pages of 4 KiB at which the log starts anew. More make that rarer, and the log longer.
  static constexpr int kLogPagesMax = 16'384;

  /// One connection that writes, `readers` that read, and one for checkpoints.
  static nanospan::Result<std::unique_ptr<Database>> open(const std::string& path, std::size_t readers,
                                                          int log_pages_max = kLogPagesMax);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  /// The right to use a connection, until it goes.
  class Lease {
   public:
    Lease(Lease&& other) noexcept
        : database_(other.database_), connection_(std::exchange(other.connection_, nullptr)) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (connection_ != nullptr) database_.give_back(connection_);
    }
    Connection* operator->() const { return connection_; }

   private:
    friend class Database;
    Lease(Database& database, Connection* connection) : database_(database), connection_(connection) {}
    Database& database_;
    Connection* connection_;
  };

  /// Runs SQL on the writing connection, without a span and before anybody else does: for the schema.
  nanospan::Status prepare(const char* text) { return writer_->run(text); }
  Lease reader();
  /// Runs `work` in one transaction on the writing connection: committed if it succeeds, else rolled back.
  nanospan::Status write(const std::function<nanospan::Status(Connection&)>& work);
  /// How often the log started anew.
  std::uint64_t checkpoints() const { return checkpoints_.load(std::memory_order_relaxed); }

 private:
  explicit Database(int log_pages_max) : log_pages_max_(log_pages_max), checkpoint_due_(step()) {}
  void give_back(Connection* connection);
  void committed(int pages);
  void make_checkpoints();
  void start_log_anew();
  /// Pages that are moved at once: 1025 of the usual log, as SQLite's own checkpoints.
  int step() const { return log_pages_max_ / 16 + 1; }

  std::mutex writing_;
  std::unique_ptr<Connection> writer_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Connection>> readers_;
  std::vector<Connection*> free_;

  const int log_pages_max_;
  std::unique_ptr<Connection> checkpoint_connection_;
  std::mutex log_mutex_;
  std::condition_variable log_changed_;
  int log_pages_ = 0;
  int checkpoint_due_;  ///< At so many pages in the log.
  bool closing_ = false;
  std::atomic<std::uint64_t> checkpoints_{0};
  std::thread checkpoint_thread_;
};

}  // namespace orders
