// Trace requests in protobuf's text format that use every field and every kind of value; shared by the golden tests.
#pragma once

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

}  // namespace nanospan::golden
