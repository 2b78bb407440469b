#include "wire/json_reader/otlp_json_in.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "wire/otlp_json_out.h"
#include "wire/validate.h"

namespace nanospan::wire {
namespace {

using namespace std::string_literals;

class JsonIn : public ::testing::Test {
 protected:
  // The request, read and written again: what of it was understood. On failure the error's message.
  std::string understood(std::string_view json, const MessageSchema& schema = schema::kExportTraceServiceRequest) {
    const Result<OtlpJsonReader::Message> read = reader_.read(schema, json);
    if (!read.ok()) {
      EXPECT_EQ(read.error().code, ErrorCode::kMalformed);
      return read.error().message;
    }
    std::string out;
    const Status written = append_json(schema, read->bytes, out);
    EXPECT_TRUE(written.ok()) << "what comes out must validate: " << written.error().message;
    return out;
  }
  // One span with these members.
  std::string span(std::string_view members) {
    constexpr std::string_view kBefore = R"({"resourceSpans":[{"scopeSpans":[{"spans":[{)";
    constexpr std::string_view kAfter = "}]}]}]}";
    std::string out = understood(std::string(kBefore) + std::string(members) + std::string(kAfter));
    if (!out.starts_with(kBefore)) return out;
    return out.substr(kBefore.size(), out.size() - kBefore.size() - kAfter.size());
  }
  std::string value(std::string_view json) { return understood(json, schema::kAnyValue); }

  OtlpJsonReader reader_;
};

// The trace example that opentelemetry-proto publishes, in its shape: white space, strings for 64-bit numbers,
// upper-case ids.
TEST_F(JsonIn, ExampleOfTheSpecification) {
  EXPECT_EQ(
      understood(R"({
  "resourceSpans": [
    {
      "resource": {
        "attributes": [ { "key": "service.name", "value": { "stringValue": "my.service" } } ]
      },
      "scopeSpans": [
        {
          "scope": {
            "name": "my.library",
            "version": "1.0.0",
            "attributes": [ { "key": "my.scope.attribute", "value": { "stringValue": "some scope attribute" } } ]
          },
          "spans": [
            {
              "traceId": "5B8EFFF798038103D269B633813FC60C",
              "spanId": "EEE19B7EC3C1B174",
              "parentSpanId": "EEE19B7EC3C1B173",
              "name": "I'm a server span",
              "startTimeUnixNano": "1544712660000000000",
              "endTimeUnixNano": "1544712661000000000",
              "kind": 2,
              "attributes": [ { "key": "my.span.attr", "value": { "stringValue": "some value" } } ]
            }
          ]
        }
      ]
    }
  ]
}
)"),
      R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"my.service"}}]},)"
      R"("scopeSpans":[{"scope":{"name":"my.library","version":"1.0.0","attributes":[{"key":"my.scope.attribute",)"
      R"("value":{"stringValue":"some scope attribute"}}]},"spans":[{"traceId":"5b8efff798038103d269b633813fc60c",)"
      R"("spanId":"eee19b7ec3c1b174","parentSpanId":"eee19b7ec3c1b173","name":"I'm a server span","kind":2,)"
      R"("startTimeUnixNano":"1544712660000000000","endTimeUnixNano":"1544712661000000000",)"
      R"("attributes":[{"key":"my.span.attr","value":{"stringValue":"some value"}}]}]}]}]})");
}

TEST_F(JsonIn, NumbersPlainOrQuoted) {
  EXPECT_EQ(
      span(R"("startTimeUnixNano":7,"endTimeUnixNano":"18446744073709551615","droppedLinksCount":"3","flags":257)"),
      R"("startTimeUnixNano":"7","endTimeUnixNano":"18446744073709551615","droppedLinksCount":3,"flags":257)");
  EXPECT_EQ(value(R"({"intValue":-5})"), R"({"intValue":"-5"})");
  EXPECT_EQ(value(R"({"intValue":"1e3"})"), R"({"intValue":"1000"})");
  EXPECT_EQ(value(R"({"doubleValue":"0.5"})"), R"({"doubleValue":0.5})");
  EXPECT_EQ(value(R"({"doubleValue":100000000000000000000})"), R"({"doubleValue":1e+20})");
  EXPECT_EQ(value(R"({"doubleValue":"-Infinity"})"), R"({"doubleValue":"-Infinity"})");
}

TEST_F(JsonIn, EnumsAsNumbersOrNames) {
  EXPECT_EQ(span(R"("kind":"SPAN_KIND_CLIENT","status":{"code":"STATUS_CODE_ERROR"})"),
            R"("kind":3,"status":{"code":2})");
  EXPECT_EQ(span(R"("kind":99)"), R"("kind":99)");
  EXPECT_EQ(span(R"("kind":"CLIENT")"),
            "resourceSpans[0].scopeSpans[0].spans[0].kind: is not a name of this enum (byte 51)");
}

TEST_F(JsonIn, NullIsNotThereAndZeroIsLeftOutButChosenMembersStay) {
  EXPECT_EQ(span(R"("name":null,"attributes":null,"kind":0,"traceId":"","flags":0)"), "");
  EXPECT_EQ(value(R"({"intValue":0})"), R"({"intValue":"0"})");
  EXPECT_EQ(value(R"({"stringValue":""})"), R"({"stringValue":""})");
  EXPECT_EQ(value(R"({"boolValue":false})"), R"({"boolValue":false})");
  EXPECT_EQ(value(R"({"arrayValue":{"values":[{},{"kvlistValue":{}}]}})"),
            R"({"arrayValue":{"values":[{},{"kvlistValue":{}}]}})");
}

TEST_F(JsonIn, UnknownFieldsAreIgnoredWhateverTheyHold) {
  EXPECT_EQ(span(R"("x":{"deep":[[{"y":1e999}],"]"]},"name":"n",)"
                 R"("trace_id":"not the name in JSON","":123456789012345678901234567890)"),
            R"("name":"n")");
}

TEST_F(JsonIn, EscapesInNamesAndValues) {
  EXPECT_EQ(span(R"("n\u0061me":"caf\u00e9 \ud83d\ude00 \"\\\/\n")"),
            "\"name\":\"caf\xC3\xA9 \xF0\x9F\x98\x80 \\\"\\\\/\\n\"");
  EXPECT_EQ(value(R"({"bytesValue":"\/w=="})"), R"({"bytesValue":"/w=="})");
  EXPECT_EQ(value(R"({"bytesValue":"_w"})"), R"({"bytesValue":"/w=="})");
  for (const char* lone :
       {R"({"stringValue":"\ud800"})", R"({"stringValue":"\udc00"})", R"({"stringValue":"\ud800\u0041"})"}) {
    EXPECT_NE(value(lone).find("(byte 15)"), std::string::npos) << value(lone);
  }
}

TEST_F(JsonIn, FaultsNameTheirFieldAndByte) {
  const std::string at = "resourceSpans[0].scopeSpans[0].spans[0].";
  EXPECT_EQ(span(R"("traceId":"5b8e")"), at + "traceId: must be 32 hex digits (byte 54)");
  EXPECT_EQ(span(R"("spanId":"eee19b7ec3c1b17g")"), at + "spanId: must be 16 hex digits (byte 53)");
  EXPECT_EQ(span(R"("name":5)"), at + "name: must be a string (byte 51)");
  EXPECT_EQ(span(R"("events":{})"), at + "events: must be an array (byte 53)");
  EXPECT_EQ(span(R"("events":[{},null])"), at + "events[1]: must be an object (byte 57)");
  EXPECT_EQ(span(R"("status":[])"), at + "status: must be an object (byte 53)");
  EXPECT_EQ(span(R"("flags":4294967296)"),
            at + "flags: must be a whole number in the range of its unsigned type (byte 52)");
  EXPECT_EQ(span(R"("flags":-1)"), at + "flags: must be a whole number in the range of its unsigned type (byte 52)");
  EXPECT_EQ(value(R"({"intValue":9223372036854775808})"),
            "intValue: must be a whole number in the range of its signed type (byte 12)");
  EXPECT_EQ(value(R"({"boolValue":"true"})"), "boolValue: must be true or false (byte 13)");
  EXPECT_EQ(value(R"({"bytesValue":"?"})"), "bytesValue: must be base64 (byte 14)");
  EXPECT_EQ(value(R"({"doubleValue":"nan"})"),
            R"(doubleValue: must be a number, "NaN", "Infinity" or "-Infinity" (byte 15))");
  EXPECT_EQ(value("{\"stringValue\":\"\xFF\"}"), "byte 16: document is not valid UTF-8");
}

TEST_F(JsonIn, BrokenJsonIsRefused) {
  for (const char* broken :
       {"", " ", "[]", "5", "null", "\"x\"", "{", "}", "{}{}", "{} x", R"({"resourceSpans":[})", R"({"resourceSpans")",
        R"({"resourceSpans":[{]})", R"({"resourceSpans":tru})", R"({"resourceSpans":nul})", R"({resourceSpans:[]})",
        R"({"resourceSpans":[{},]})", "{\"resourceSpans\":[\x01]}", R"({"resourceSpans":[{}{}]})"}) {
    EXPECT_FALSE(reader_.read(schema::kExportTraceServiceRequest, broken).ok()) << broken;
  }
}

TEST_F(JsonIn, WhatIsSkippedIsCheckedAsWell) {
  for (const char* broken :
       {"tru", "nulll", "01", "1.", "-", "+1", "'x'", R"("\x")", R"("\ud800")", R"("\u12g4")", "\"\x01\"", "[1 2]",
        "[1,]", R"({"a" 1})", R"({"a":1,})", R"({1:2})", "{\"\xFF\":1}", "[[]", "{]"}) {
    const std::string json = R"({"unknown":)" + std::string(broken) + "}";
    EXPECT_FALSE(reader_.read(schema::kExportTraceServiceRequest, json).ok()) << json;
  }
  const auto nested = [](std::size_t levels) {
    return R"({"unknown":)" + std::string(levels, '[') + std::string(levels, ']') + "}";
  };
  EXPECT_EQ(understood(nested(500)), "{}");
  EXPECT_EQ(understood(nested(501)), "a value is nested more than 500 deep (byte 511)");
}

TEST_F(JsonIn, ReaderGoesOnAfterAFault) {
  EXPECT_NE(understood("{"), "{}");
  EXPECT_EQ(understood("{}"), "{}");
}

TEST_F(JsonIn, NestingIsBounded) {
  const auto arrays = [](std::size_t count) {
    std::string json;
    for (std::size_t i = 0; i < count; ++i) json += R"({"arrayValue":{"values":[)";
    json += "{}";
    for (std::size_t i = 0; i < count; ++i) json += "]}}";
    return json;
  };
  EXPECT_EQ(value(arrays(50)), arrays(50));
  EXPECT_NE(value(arrays(51)).find("nested more than 100 deep"), std::string::npos);
  EXPECT_FALSE(value(arrays(20'000)).empty());
}

TEST_F(JsonIn, LargerAndSmallerDocumentsShareOneReader) {
  const std::string big(100'000, 'x');
  EXPECT_EQ(value("{\"stringValue\":\"" + big + "\"}"), "{\"stringValue\":\"" + big + "\"}");
  EXPECT_EQ(value(R"({"stringValue":"y"})"), R"({"stringValue":"y"})");
}

TEST_F(JsonIn, MemoryOfLargeDocumentsIsGivenBackAndOfSmallOnesKept) {
  OtlpJsonReader reader({.kept_bytes_max = 10'000});
  ASSERT_TRUE(reader.read(schema::kAnyValue, "{}" + std::string(900, ' ')).ok());
  reader.trim();
  EXPECT_GT(reader.kept_bytes(), 900u);
  ASSERT_TRUE(reader.read(schema::kAnyValue, "{}" + std::string(10'000'000, ' ')).ok());
  reader.trim();
  EXPECT_EQ(reader.kept_bytes(), 0u);
}

// Beyond what output_bytes_max() says, a fixed few kilobytes.
constexpr std::size_t kFixedRoom = 4096;

TEST_F(JsonIn, TheOutputIsNeverLongerThanTheDocument) {
  // The densest that a trace can be: empty messages in lists, one digit for eight bytes, length prefixes that grow.
  std::string elements = "{}";
  for (int i = 0; i < 40'000; ++i) elements += ",{}";
  for (const std::string& json :
       {R"({"resourceSpans":[)" + elements + "]}",
        R"({"resourceSpans":[{"scopeSpans":[{"spans":[)" + elements + "]}]}]}",
        std::string(R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"flags":1,"kind":1,"endTimeUnixNano":1}]}]}]})")}) {
    OtlpJsonReader reader;
    const Result<OtlpJsonReader::Message> message = reader.read(schema::kExportTraceServiceRequest, json);
    ASSERT_TRUE(message.ok());
    EXPECT_LE(message->bytes.size(), json.size());
    EXPECT_LE(reader.kept_bytes(), json.size() + kFixedRoom);
  }
}

TEST_F(JsonIn, NumbersOfEightBytesGrowAsFarAsWasSaid) {
  std::string zeros = "0";
  for (int i = 0; i < 40'000; ++i) zeros += ",0";
  std::string points = R"({"sum":0,"min":0,"max":0})";
  for (int i = 0; i < 1000; ++i) points += R"(,{"sum":0,"min":0,"max":0})";
  for (const std::string& point :
       {R"({"explicitBounds":[)" + zeros + "]}", R"({"bucketCounts":[)" + zeros + "]}", points}) {
    const std::string json =
        R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"histogram":{"dataPoints":[)" + point + "]}}]}]}]}";
    OtlpJsonReader reader;
    const Result<OtlpJsonReader::Message> message = reader.read(schema::kExportMetricsServiceRequest, json);
    ASSERT_TRUE(message.ok());
    EXPECT_GT(message->bytes.size(), json.size());
    EXPECT_LE(message->bytes.size(), OtlpJsonReader::output_bytes_max(json));
    EXPECT_LE(reader.kept_bytes(), OtlpJsonReader::output_bytes_max(json) + kFixedRoom) << "grown once more";
  }
}

// The length of a message stands before it and is written after it: each size of length follows each other one.
TEST_F(JsonIn, MessagesOfEveryLengthAfterEveryOther) {
  const std::vector<std::size_t> sizes = {0, 1, 100, 130, 20'000, 2, 3'000'000, 127, 128, 16'383, 16'384, 5};
  std::string values;
  for (const std::size_t size : sizes) {
    if (!values.empty()) values += ',';
    values += R"({"arrayValue":{"values":[{"stringValue":")" + std::string(size, 'x') + R"("}]}})";
  }
  const std::string json = R"({"arrayValue":{"values":[)" + values + "]}}";
  EXPECT_TRUE(value(json) == json);  // Not EXPECT_EQ: it would print megabytes.
}

// Attributes have a short way of their own, for the form that nearly all have and where enough text follows: near it
// nothing may change.
class JsonInAttributes : public JsonIn {
 protected:
  // What was understood of these, or the error; the same whether much follows or nothing.
  std::string attributes(const std::string& json) {
    constexpr std::string_view kBefore = R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[)";
    constexpr std::string_view kAfter = "]}]}]}]}";
    const std::string document = std::string(kBefore) + json + std::string(kAfter);
    const std::string out = understood(document);
    EXPECT_EQ(understood(document + std::string(200, ' ')), out);
    if (!out.starts_with(kBefore)) return out;
    return out.substr(kBefore.size(), out.size() - kBefore.size() - kAfter.size());
  }
};

TEST_F(JsonInAttributes, OfEveryLength) {
  const std::vector<std::size_t> key_sizes = {1, 4, 15, 16, 31, 32, 33, 120, 128, 897};
  const std::vector<std::size_t> sizes = {0,  3,   15,  16,  31,  32,  33,  63,   64,
                                          90, 121, 122, 127, 128, 895, 896, 1000, 20'000};
  for (const std::size_t key_size : key_sizes) {
    for (const std::size_t size : sizes) {
      const std::string key = R"("key":")" + std::string(key_size, 'k') + '"';
      const std::string value = R"("value":{"stringValue":")" + std::string(size, 'v') + "\"}";
      const std::string plain = "{" + key + "," + value + "}";
      EXPECT_EQ(attributes(plain), plain);
      EXPECT_EQ(attributes("{ " + key + "," + value + "}"), plain);
      EXPECT_EQ(attributes("{" + value + "," + key + "}"), plain);
      EXPECT_EQ(attributes("{" + key + "," + value + R"(,"x":1})"), plain);
    }
  }
}

TEST_F(JsonInAttributes, OfEveryType) {
  const auto of = [](std::string_view value) { return R"({"key":"k","value":{)" + std::string(value) + "}}"; };
  for (const char* same :
       {R"("boolValue":true)", R"("boolValue":false)", R"("intValue":"0")", R"("intValue":"-1")", R"("intValue":"443")",
        R"("intValue":"9223372036854775807")", R"("doubleValue":0.5)", R"("bytesValue":"AAA=")",
        R"("stringValue":"v\n")", R"("arrayValue":{"values":[{"intValue":"1"}]})"}) {
    EXPECT_EQ(attributes(of(same)), of(same));
  }
  EXPECT_EQ(attributes(of(R"("intValue":443)")), of(R"("intValue":"443")"));
  EXPECT_EQ(attributes(of(R"("intValue":4e2)")), of(R"("intValue":"400")"));
  EXPECT_EQ(attributes(of(R"("intValue":"1.0")")), of(R"("intValue":"1")"));
  EXPECT_EQ(attributes(R"({"key":"\u006b","value":{"boolValue":true}})"), of(R"("boolValue":true)"));
  EXPECT_EQ(attributes(R"({"key":"","value":{"stringValue":"v"}})"), R"({"value":{"stringValue":"v"}})");
  EXPECT_EQ(attributes(of(R"("stringValue":"v","intValue":1)")), of(R"("intValue":"1")"))
      << "of a oneof the last one counts";
}

TEST_F(JsonInAttributes, FaultsOfTheirValues) {
  const auto fault = [this](std::string_view value) {
    const std::string plain = R"({"key":"k","value":{"intValue":"1"}})";
    return attributes(plain + "," + plain + R"(,{"key":"k","value":{)" + std::string(value) + "}}");
  };
  const std::string path = "resourceSpans[0].scopeSpans[0].spans[0].attributes[2].value.";
  const std::string range = "must be a whole number in the range of its signed type (byte ";
  EXPECT_EQ(fault(R"("stringValue":5)"), path + "stringValue: must be a string (byte 166)");
  EXPECT_EQ(fault(R"("boolValue":truE)"), path + "boolValue: not a JSON value (byte 164)");
  for (const char* wrong : {"01", "-", "1.5", "9223372036854775808", "99999999999999999999"}) {
    EXPECT_EQ(fault(R"("intValue":)" + std::string(wrong)), path + "intValue: " + range + "163)") << wrong;
    EXPECT_EQ(fault(R"("intValue":")" + std::string(wrong) + "\""), path + "intValue: " + range + "163)") << wrong;
  }
  EXPECT_EQ(fault("\"stringValue\":\"\xFF\""), "byte 167: document is not valid UTF-8");
  EXPECT_EQ(fault("\"stringValue\":\"\x1F\""),
            path + "stringValue: a string has a control character that is not escaped (byte 167)");
}

TEST_F(JsonInAttributes, ManyInARowWithOtherFormsBetween) {
  std::string list;
  std::string canonical;
  for (int i = 0; i < 200; ++i) {
    const std::string name = R"("key":"key)" + std::to_string(i) + '"';
    const std::string value = i % 3 == 0 ? R"("value":{"stringValue":"text"})" : R"("value":{"intValue":"7"})";
    const bool plain = i % 7 != 0;
    list += (i == 0 ? "" : plain ? "," : " , ") + (plain ? "{" : std::string("{ ")) + name + "," + value + "}";
    canonical += (i == 0 ? "{" : ",{") + name + "," + value + "}";
  }
  EXPECT_EQ(attributes(list), canonical);
}

// Strings are read 32 bytes at a time: what ends or spoils one is found at each place of a block, up to the
// document's last byte.
TEST_F(JsonIn, WhatEndsAStringIsFoundAtEveryPlace) {
  for (std::size_t before = 0; before < 70; ++before) {
    const std::string text(before, 'a');
    const std::string start = R"({"stringValue":")" + text;
    EXPECT_EQ(value(start + "\"}"), start + "\"}");
    EXPECT_EQ(value(start + "\\n\"}"), start + "\\n\"}");
    EXPECT_EQ(value(start + "\xC3\xA9\"}"), start + "\xC3\xA9\"}");
    EXPECT_EQ(value(start + "\x1F\"}"), "stringValue: a string has a control character that is not escaped (byte " +
                                            std::to_string(start.size()) + ")");
    EXPECT_EQ(value(start + "\x80\"}"), "byte " + std::to_string(start.size()) + ": document is not valid UTF-8");
    const std::string too_early = " (byte " + std::to_string(start.size()) + ")";
    EXPECT_EQ(value(start), "stringValue: a string does not end" + too_early);
    EXPECT_EQ(value(start + "\""), "the document ends too early (byte " + std::to_string(start.size() + 1) + ")");
  }
}

// ---- metrics and logs --------------------------------------------------------------------------------------------

TEST_F(JsonIn, MetricsOfEveryKindOfNumber) {
  const auto metric = [this](std::string_view data) {
    constexpr std::string_view kBefore = R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{)";
    constexpr std::string_view kAfter = "}]}]}]}";
    std::string out = understood(std::string(kBefore) + std::string(data) + std::string(kAfter),
                                 schema::kExportMetricsServiceRequest);
    if (!out.starts_with(kBefore)) return out;
    return out.substr(kBefore.size(), out.size() - kBefore.size() - kAfter.size());
  };
  const std::string histogram =
      R"("histogram":{"dataPoints":[{"count":"3","sum":0,"bucketCounts":["1","2"],"explicitBounds":[0.5],"min":-1}],)"
      R"("aggregationTemporality":2})";
  EXPECT_EQ(metric(histogram), histogram);
  EXPECT_EQ(metric(R"("histogram":{"dataPoints":[{"bucketCounts":[1,"2"],"explicitBounds":["NaN","1"]}]})"),
            R"("histogram":{"dataPoints":[{"bucketCounts":["1","2"],"explicitBounds":["NaN",1]}]})");
  EXPECT_EQ(metric(R"("sum":{"dataPoints":[{"asInt":0},{"asInt":"-9223372036854775808"},{"asDouble":0}],)"
                   R"("aggregationTemporality":"AGGREGATION_TEMPORALITY_DELTA","isMonotonic":true})"),
            R"("sum":{"dataPoints":[{"asInt":"0"},{"asInt":"-9223372036854775808"},{"asDouble":0}],)"
            R"("aggregationTemporality":1,"isMonotonic":true})");
  EXPECT_EQ(metric(R"("exponentialHistogram":{"dataPoints":[{"scale":-10,"positive":{"offset":-2147483648,)"
                   R"("bucketCounts":["18446744073709551615",0]}}]})"),
            R"("exponentialHistogram":{"dataPoints":[{"scale":-10,"positive":{"offset":-2147483648,)"
            R"("bucketCounts":["18446744073709551615","0"]}}]})");
  EXPECT_EQ(metric(R"("gauge":{"dataPoints":[{"asInt":"9223372036854775808"}]})").substr(0, 80),
            "resourceMetrics[0].scopeMetrics[0].metrics[0].gauge.dataPoints[0].asInt: must be");
  EXPECT_EQ(metric(R"("histogram":{"dataPoints":[{"bucketCounts":[1,-1]}]})").substr(0, 92),
            "resourceMetrics[0].scopeMetrics[0].metrics[0].histogram.dataPoints[0].bucketCounts[1]: must ");
  EXPECT_EQ(metric(R"("exponentialHistogram":{"dataPoints":[{"scale":2147483648}]})").substr(0, 90),
            "resourceMetrics[0].scopeMetrics[0].metrics[0].exponentialHistogram.dataPoints[0].scale: mu");
}

TEST_F(JsonIn, LogRecord) {
  const std::string json =
      R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1","severityNumber":17,"severityText":"ERROR",)"
      R"("body":{"stringValue":"it broke"},"flags":1,"traceId":"5b8efff798038103d269b633813fc60c",)"
      R"("spanId":"eee19b7ec3c1b174","eventName":"e"}]}]}]})";
  EXPECT_EQ(understood(json, schema::kExportLogsServiceRequest), json);
  EXPECT_EQ(
      understood(R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":"SEVERITY_NUMBER_WARN"}]}]}]})",
                 schema::kExportLogsServiceRequest),
      R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":13}]}]}]})");
}

}  // namespace
}  // namespace nanospan::wire
