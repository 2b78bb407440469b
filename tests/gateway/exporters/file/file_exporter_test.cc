// The `file` exporter as a whole: keys in, lines in a file.
#include <gtest/gtest.h>

#include "gateway/exporters/file/file_exporter_config.h"
#include "gateway/exporters/file/file_exporter_factory.h"
#include "tests/gateway/config_text.h"
#include "tests/gateway/sample_traces.h"
#include "tests/gateway/test_host.h"
#include "tests/support/temporary_folder.h"

namespace nanospan::gateway {
namespace {

TEST(FileExporterConfig, DefaultsAndKeys) {
  testing::ConfigText plain("path: x");
  const FileExporterConfig defaults = read_file_exporter_config(plain.reader);
  EXPECT_EQ(plain.errors(), "");
  EXPECT_FALSE(defaults.file.rotate);
  EXPECT_FALSE(defaults.file.append);  // As in the Collector.
  testing::ConfigText full(
      "path: x\nformat: proto\ndirectory_permissions: \"0750\"\nrotation: {max_megabytes: 2, max_backups: 3, max_days: "
      "4, "
      "localtime: true}\nflush_interval: 1s\nsending_queue: {num_consumers: 8}");
  const FileExporterConfig config = read_file_exporter_config(full.reader);
  EXPECT_EQ(full.errors(), "");
  EXPECT_EQ(full.warnings(),
            "f.yaml:4: it.rotation.localtime: has no effect here: file names carry UTC\n"
            "f.yaml:5: it.flush_interval: has no effect here: every request is written at once\n");
  EXPECT_EQ(config.file.bytes_max, 2u << 20);
  EXPECT_EQ(config.file.backups_max, 3u);
  EXPECT_EQ(config.file.days_max, 4u);
  EXPECT_EQ(config.file.directory_mode, 0750u);
  EXPECT_TRUE(config.file.append);
  EXPECT_EQ(config.format, FileFormat::kProto);
  EXPECT_EQ(config.queue.consumers, 1u);  // A file is written by one.
}

TEST(FileExporterConfig, Faults) {
  testing::ConfigText wrong("path: x\nformat: csv\ndirectory_permissions: \"rwx\"\ncompression: gzip");
  read_file_exporter_config(wrong.reader);
  EXPECT_EQ(wrong.errors(),
            "f.yaml:3: it.directory_permissions: \"rwx\" is not a file mode; write it as \"0755\"\n"
            "f.yaml:2: it.format: \"csv\" is not one of json or proto\n"
            "f.yaml:4: it.compression: \"gzip\" is not one of zstd, none or \"\"\n");
}

TEST(FileExporter, WritesWhatItIsGivenAndSaysWhere) {
  nanospan::testing::TemporaryFolder folder;
  testing::TestHost host;
  testing::ConfigText text("path: " + (folder / "t.jsonl") + "\nrotation: {max_megabytes: 1, max_backups: 1}");
  std::unique_ptr<Exporter> exporter =
      file_exporter_factory().read({"file", ""}, text.reader)(host, Signal::kTraces).value();
  EXPECT_EQ(exporter->describe(),
            (folder / "t.jsonl") + " (OTLP JSON lines, a new file every 1 MiB, at most 2 MiB in all)");
  ASSERT_TRUE(exporter->start().ok());
  exporter->consume(testing::sample_batch(2), [](const Outcome&) {});
  std::atomic<bool> drained{false};
  exporter->drain(base::Deadline::never(), [&drained] {
    drained = true;
    drained.notify_all();
  });
  drained.wait(false);
  host.stop();
  EXPECT_NE(nanospan::testing::contents(folder / "t.jsonl").find("checkout"), std::string::npos);
}

TEST(FileExporter, APathThatCannotBeOpenedFailsAtStart) {
  testing::TestHost host;
  testing::ConfigText text("path: /nonexistent/t.jsonl");
  const auto made = file_exporter_factory().read({"file", ""}, text.reader)(host, Signal::kTraces);
  EXPECT_EQ((*made)->start().error().message,
            "open /nonexistent/t.jsonl: No such file or directory; there is no such folder: make it, or set "
            "create_directory: true");
}

TEST(FileExporter, ADirectoryThatWasToBeMadeIsNotAskedForAgain) {
  testing::TestHost host;
  testing::ConfigText text("{path: /proc/nonexistent/t.jsonl, create_directory: true}");
  const auto made = file_exporter_factory().read({"file", ""}, text.reader)(host, Signal::kTraces);
  EXPECT_EQ((*made)->start().error().message,
            "create the directory of /proc/nonexistent/t.jsonl: No such file or directory");
}

TEST(FileExporter, SignalsShareTheFile) {
  nanospan::testing::TemporaryFolder folder;
  testing::TestHost host;
  testing::ConfigText text("path: " + (folder / "t.jsonl"));
  const ExporterMaker make = file_exporter_factory().read({"file", ""}, text.reader);
  const std::unique_ptr<Exporter> traces = make(host, Signal::kTraces).value();
  const std::unique_ptr<Exporter> logs = make(host, Signal::kLogs).value();
  for (Exporter* exporter : {traces.get(), logs.get()}) ASSERT_TRUE(exporter->start().ok());
  traces->consume(testing::sample_batch(2), [](const Outcome&) {});
  logs->consume(testing::sample_logs(), [](const Outcome&) {});
  for (Exporter* exporter : {traces.get(), logs.get()}) {
    std::atomic<bool> drained{false};
    exporter->drain(base::Deadline::never(), [&drained] {
      drained = true;
      drained.notify_all();
    });
    drained.wait(false);
  }
  const std::string metrics = host.metrics().render();
  host.stop();
  EXPECT_NE(metrics.find("otelcol_exporter_sent_spans{exporter=\"file\"} 2\n"), std::string::npos) << metrics;
  EXPECT_NE(metrics.find("otelcol_exporter_sent_log_records{exporter=\"file\"} 1\n"), std::string::npos) << metrics;
  const std::string written = nanospan::testing::contents(folder / "t.jsonl");
  EXPECT_EQ(std::count(written.begin(), written.end(), '\n'), 2);
  EXPECT_NE(written.find("{\"resourceLogs\":"), std::string::npos);
}

}  // namespace
}  // namespace nanospan::gateway
