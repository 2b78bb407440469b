// The list of components. No registration magic: what is listed here is there.
#include "gateway/service/components.h"

#include "gateway/exporters/debug/debug_exporter_factory.h"
#include "gateway/exporters/file/file_exporter_factory.h"
#include "gateway/exporters/nop/nop_exporter_factory.h"
#include "gateway/exporters/otlp_grpc/otlp_grpc_exporter_factory.h"
#include "gateway/exporters/otlp_http/otlp_http_exporter_factory.h"
#include "gateway/extensions/basicauth/basic_auth_factory.h"
#include "gateway/extensions/bearertokenauth/bearer_token_factory.h"
#include "gateway/extensions/health_check/health_check_factory.h"
#include "gateway/extensions/pprof/pprof_factory.h"
#include "gateway/extensions/zpages/zpages_factory.h"
#include "gateway/processors/attributes/attributes_processor_factory.h"
#include "gateway/processors/batch/batch_processor_factory.h"
#include "gateway/processors/memory_limiter/memory_limiter_factory.h"
#include "gateway/processors/probabilistic_sampler/probabilistic_sampler_factory.h"
#include "gateway/processors/resource/resource_processor_factory.h"
#include "gateway/receivers/nop/nop_receiver_factory.h"
#include "gateway/receivers/otlp/otlp_receiver_factory.h"

namespace nanospan::gateway {

ComponentRegistry built_in_components() {
  return {{otlp_receiver_factory(), nop_receiver_factory()},
          {batch_processor_factory(), memory_limiter_factory(), probabilistic_sampler_factory(),
           attributes_processor_factory(), resource_processor_factory()},
          {otlp_grpc_exporter_factory(), otlp_http_exporter_factory(), file_exporter_factory(),
           debug_exporter_factory(), nop_exporter_factory()},
          {health_check_factory(), pprof_factory(), zpages_factory(), bearer_token_factory(), basic_auth_factory()}};
}

}  // namespace nanospan::gateway
