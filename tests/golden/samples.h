// Requests of each signal in protobuf's text format that use every field and every kind of value; shared by the golden
// tests.
#pragma once

#include <array>

#include "tests/golden/oracle.h"
#include "wire/otlp_schema.h"

namespace nanospan::golden {

inline constexpr const char* kFullRequest = R"pb(
  resource_spans {
    resource {
      attributes {
        key: "service.name"
        value { string_value: "shop" }
      }
      attributes {
        key: "host.cpus"
        value { int_value: -12 }
      }
      dropped_attributes_count: 3
      entity_refs {
        schema_url: "https://entity"
        type: "service"
        id_keys: "service.name"
        id_keys: "b"
        description_keys: "d"
      }
    }
    scope_spans {
      scope {
        name: "shop.orders"
        version: "1.2.3"
        dropped_attributes_count: 4294967295
        attributes {
          key: "scope.key"
          value { bool_value: false }
        }
      }
      spans {
        trace_id: "\000\001\002\003\004\005\006\007\370\371\372\373\374\375\376\377"
        span_id: "\021\022\023\024\025\026\027\030"
        parent_span_id: "\201\202\203\204\205\206\207\210"
        trace_state: "ot=th:0,vendor=value"
        name: "POST /api/orders \"quoted\" \\ \t\n\001 \303\251\342\202\254\360\237\230\200"
        kind: SPAN_KIND_SERVER
        start_time_unix_nano: 1700000000123456789
        end_time_unix_nano: 18446744073709551615
        attributes {
          key: "string"
          value { string_value: "" }
        }
        attributes {
          key: "bool"
          value { bool_value: true }
        }
        attributes {
          key: "int"
          value { int_value: -9223372036854775808 }
        }
        attributes {
          key: "zero"
          value { int_value: 0 }
        }
        attributes {
          key: "double"
          value { double_value: 0.1 }
        }
        attributes {
          key: "huge"
          value { double_value: 1e300 }
        }
        attributes {
          key: "nan"
          value { double_value: nan }
        }
        attributes {
          key: "inf"
          value { double_value: inf }
        }
        attributes {
          key: "minus"
          value { double_value: -inf }
        }
        attributes {
          key: "bytes"
          value { bytes_value: "\000\377\376a" }
        }
        attributes {
          key: "no value"
          value {}
        }
        attributes { key: "no value at all" }
        attributes {
          key: "array"
          value {
            array_value {
              values { string_value: "a" }
              values { int_value: 2 }
              values { array_value {} }
              values {}
            }
          }
        }
        attributes {
          key: "map"
          value {
            kvlist_value {
              values {
                key: "inner"
                value {
                  kvlist_value {
                    values {
                      key: "deep"
                      value { double_value: 2 }
                    }
                  }
                }
              }
            }
          }
        }
        dropped_attributes_count: 1
        events {
          time_unix_nano: 1700000000123456790
          name: "exception"
          dropped_attributes_count: 2
          attributes {
            key: "exception.type"
            value { string_value: "std::runtime_error" }
          }
        }
        events { name: "second" }
        dropped_events_count: 2
        links {
          trace_id: "\020\021\022\023\024\025\026\027\030\031\032\033\034\035\036\037"
          span_id: "\377\376\375\374\373\372\371\370"
          trace_state: "a=b"
          flags: 769
          dropped_attributes_count: 7
          attributes {
            key: "link.key"
            value { int_value: 300 }
          }
        }
        dropped_links_count: 3
        status { message: "declined" code: STATUS_CODE_ERROR }
        flags: 257
      }
      spans { name: "empty ids" kind: SPAN_KIND_INTERNAL }
      spans {}
      schema_url: "https://opentelemetry.io/schemas/1.30.0"
    }
    scope_spans {}
    schema_url: "https://opentelemetry.io/schemas/1.31.0"
  }
  resource_spans { scope_spans { spans { name: "no resource" } } }
)pb";

inline constexpr const char* kFullMetricsRequest = R"pb(
  resource_metrics {
    resource {
      attributes {
        key: "service.name"
        value { string_value: "shop" }
      }
    }
    scope_metrics {
      scope { name: "shop.orders" version: "1" }
      metrics {
        name: "queue.depth"
        description: "what waits \303\251"
        unit: "{order}"
        gauge {
          data_points {
            start_time_unix_nano: 1
            time_unix_nano: 18446744073709551615
            as_double: 0
            flags: 1
            attributes {
              key: "k"
              value { int_value: -1 }
            }
            exemplars {
              time_unix_nano: 3
              as_int: -9223372036854775808
              span_id: "\021\022\023\024\025\026\027\030"
              trace_id: "\000\001\002\003\004\005\006\007\370\371\372\373\374\375\376\377"
              filtered_attributes { key: "f" }
            }
            exemplars { as_double: nan }
          }
          data_points { as_int: 0 }
          data_points {}
        }
        metadata {
          key: "m"
          value { bool_value: true }
        }
      }
      metrics {
        name: "orders"
        sum {
          aggregation_temporality: AGGREGATION_TEMPORALITY_CUMULATIVE
          is_monotonic: true
          data_points { as_int: 300 }
          data_points { as_double: -inf }
        }
      }
      metrics {
        name: "latency"
        unit: "s"
        histogram {
          aggregation_temporality: AGGREGATION_TEMPORALITY_DELTA
          data_points {
            count: 6
            sum: 0
            min: -0.5
            max: 1e300
            bucket_counts: [ 0, 1, 2, 18446744073709551615 ]
            explicit_bounds: [ 0.005, 0, 10 ]
            flags: 4294967295
            attributes { key: "h" }
            exemplars { as_double: 0.1 }
          }
          data_points { count: 1 min: 0 max: 0 }
        }
      }
      metrics {
        name: "sizes"
        exponential_histogram {
          aggregation_temporality: AGGREGATION_TEMPORALITY_DELTA
          data_points {
            attributes { key: "e" }
            start_time_unix_nano: 5
            time_unix_nano: 6
            count: 7
            sum: 0
            scale: -10
            zero_count: 2
            zero_threshold: 1e-9
            positive {
              offset: 2147483647
              bucket_counts: [ 0, 127, 128, 18446744073709551615 ]
            }
            negative { offset: -2147483648 }
            flags: 1
            exemplars { as_int: 1 }
            min: 0
            max: -0
          }
        }
      }
      metrics {
        name: "rpc"
        summary {
          data_points {
            count: 1
            sum: 2.5
            attributes { key: "s" }
            quantile_values { quantile: 0.99 value: 12 }
            quantile_values {}
            flags: 2
            start_time_unix_nano: 8
            time_unix_nano: 9
          }
        }
      }
      metrics { name: "no data" }
      metrics { gauge {} }
      schema_url: "https://opentelemetry.io/schemas/1.30.0"
    }
    scope_metrics {}
    schema_url: "https://opentelemetry.io/schemas/1.31.0"
  }
)pb";

inline constexpr const char* kFullLogsRequest = R"pb(
  resource_logs {
    resource {
      attributes {
        key: "service.name"
        value { string_value: "shop" }
      }
    }
    scope_logs {
      scope { name: "shop.orders" }
      log_records {
        time_unix_nano: 1700000000123456789
        observed_time_unix_nano: 18446744073709551615
        severity_number: SEVERITY_NUMBER_ERROR2
        severity_text: "Error \342\202\254"
        body {
          kvlist_value {
            values {
              key: "inner"
              value { array_value { values { bytes_value: "\377" } } }
            }
          }
        }
        attributes {
          key: "string"
          value { string_value: "" }
        }
        attributes { key: "none" }
        dropped_attributes_count: 4294967295
        flags: 257
        trace_id: "\000\001\002\003\004\005\006\007\370\371\372\373\374\375\376\377"
        span_id: "\021\022\023\024\025\026\027\030"
        event_name: "order.declined"
      }
      log_records { body { string_value: "plain" } }
      log_records {}
      schema_url: "https://opentelemetry.io/schemas/1.30.0"
    }
    scope_logs {}
    schema_url: "https://opentelemetry.io/schemas/1.31.0"
  }
  resource_logs {}
)pb";

struct Sample {
  const char* signal;
  const wire::MessageSchema& schema;
  std::string_view message;
  const char* full;
};
/// The signals whose tables are whole.
inline const std::array<Sample, 3> kSamples{{
    {"traces", wire::schema::kExportTraceServiceRequest, kTraceRequest, kFullRequest},
    {"metrics", wire::schema::kExportMetricsServiceRequest, kMetricsRequest, kFullMetricsRequest},
    {"logs", wire::schema::kExportLogsServiceRequest, kLogsRequest, kFullLogsRequest},
}};

}  // namespace nanospan::golden
