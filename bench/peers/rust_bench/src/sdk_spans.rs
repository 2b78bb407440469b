//! The OpenTelemetry SDK for Rust.

use std::time::{Duration, Instant};

use opentelemetry::trace::{
    Span, SpanContext, SpanKind, TraceContextExt, TraceFlags, TraceState, Tracer, TracerProvider,
};
use opentelemetry::{Context, Key, KeyValue};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracer, SdkTracerProvider};
use opentelemetry_sdk::Resource;

use crate::measure::{at_rate, compare, cpu_nanos, fail, median, Case, Pool, Trial, BURST};

pub fn exporter(address: &str) -> SpanExporter {
    SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("http://{address}/v1/traces"))
        .build()
        .unwrap_or_else(|error| fail(&error.to_string()))
}

pub fn resource() -> Resource {
    Resource::builder_empty().with_attribute(KeyValue::new("service.name", "bench")).build()
}

fn provider(trial: &Trial, batch: BatchConfigBuilder) -> SdkTracerProvider {
    let processor = BatchSpanProcessor::builder(exporter(&trial.address)).with_batch_config(batch.build()).build();
    SdkTracerProvider::builder().with_span_processor(processor).with_resource(resource()).build()
}

fn flush(provider: &SdkTracerProvider) {
    if let Err(error) = provider.force_flush() {
        fail(&error.to_string());
    }
}

fn start(tracer: &SdkTracer, parent: &Context) -> opentelemetry_sdk::trace::Span {
    tracer.span_builder("GET /users").with_kind(SpanKind::Server).start_with_context(tracer, parent)
}

fn w3(tracer: &SdkTracer, parent: &Context, pool: &Pool, i: usize) {
    let mut span = start(tracer, parent);
    let text = |k: usize| pool.text16[(i + k) & 63].clone();
    let number = |k: usize| 200 + ((i + k) & 63) as i64;
    span.set_attribute(KeyValue::new("http.reqmethod", text(0)));
    span.set_attribute(KeyValue::new("url.pathnormal", text(1)));
    span.set_attribute(KeyValue::new("server.address", text(2)));
    span.set_attribute(KeyValue::new("user_agent.org", text(3)));
    span.set_attribute(KeyValue::new("http.resp.code", number(0)));
    span.set_attribute(KeyValue::new("server.portnum", number(1)));
    span.set_attribute(KeyValue::new("http.body.size", number(2)));
    span.set_attribute(KeyValue::new("error.occurred", i & 1 != 0));
    span.end();
}

const KEYS: [&str; 10] = [
    "spec.attribute.key00",
    "spec.attribute.key01",
    "spec.attribute.key02",
    "spec.attribute.key03",
    "spec.attribute.key04",
    "spec.attribute.key05",
    "spec.attribute.key06",
    "spec.attribute.key07",
    "spec.attribute.key08",
    "spec.attribute.key09",
];

fn w4(tracer: &SdkTracer, parent: &Context, pool: &Pool, i: usize) {
    let mut span = start(tracer, parent);
    for (k, key) in KEYS.into_iter().enumerate() {
        span.set_attribute(KeyValue::new(key, pool.text20[(i + k) & 63].clone()));
    }
    span.end();
}

/// A provider and the parent of all spans that are made with it.
struct Live {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    parent: Context,
}

impl Live {
    fn new(trial: &Trial, batch: BatchConfigBuilder) -> Live {
        let provider = provider(trial, batch);
        let tracer = provider.tracer("bench");
        let parent = Context::new().with_span(tracer.start_with_context("root", &Context::new()));
        Live { provider, tracer, parent }
    }

    fn finish(self) {
        self.parent.span().end();
        if let Err(error) = self.provider.shutdown() {
            fail(&error.to_string());
        }
    }
}

fn case<'a>(name: &str, mut work: impl FnMut(usize) + 'a) -> Case<'a> {
    Case { name: name.to_string(), burst: Box::new(move |first| (first..first + BURST).for_each(&mut work)) }
}

pub fn spans(trial: &mut Trial) {
    trial.reset_counts();
    let (live, pool) = (Live::new(trial, BatchConfigBuilder::default()), Pool::new());
    let (tracer, parent, rounds) = (&live.tracer, &live.parent, trial.rounds());
    let of = parent.span().span_context().clone();
    let unsampled = Context::new().with_remote_span_context(SpanContext::new(
        of.trace_id(),
        of.span_id(),
        TraceFlags::default(),
        false,
        TraceState::default(),
    ));
    let mut cases = [
        case("W1", |i| {
            let mut span = start(tracer, &unsampled);
            if span.is_recording() {
                span.set_attribute(KeyValue::new("http.resp.code", i as i64));
            }
            span.end();
        }),
        case("W2", |_| start(tracer, parent).end()),
        case("W3", |i| w3(tracer, parent, &pool, i)),
        case("W4", |i| w4(tracer, parent, &pool, i)),
    ];
    compare(trial, rounds, &mut cases, &|| flush(&live.provider));
    drop(cases);
    live.finish();
    trial.expect(3 * rounds * BURST + 1);
}

pub fn attribute_count(trial: &mut Trial) {
    trial.reset_counts();
    let (live, pool) = (Live::new(trial, BatchConfigBuilder::default()), Pool::new());
    let (tracer, parent, rounds) = (&live.tracer, &live.parent, trial.rounds() / 3 + 1);
    let keys: Vec<Key> = (0..128).map(|k| Key::new(format!("attribute.key.{}", 100 + k))).collect();
    let (keys, pool) = (&keys, &pool);
    let counts = [0, 1, 2, 4, 8, 16, 32, 64, 128];
    let mut cases: Vec<Case> = counts
        .into_iter()
        .map(|count| {
            case(&count.to_string(), move |i| {
                let mut span = start(tracer, parent);
                for (k, key) in keys[..count].iter().enumerate() {
                    span.set_attribute(KeyValue::new(key.clone(), pool.text16[(i + k) & 63].clone()));
                }
                span.end();
            })
        })
        .collect();
    // One after the other: what a case of 128 left to be freed would be paid by the next one.
    for case in &mut cases {
        compare(trial, rounds, std::slice::from_mut(case), &|| flush(&live.provider));
    }
    drop(cases);
    live.finish();
    trial.expect(counts.len() * rounds * BURST + 1);
}

/// As fast as the pipeline takes them: the processor drops rather than waits, so the queue is emptied before it is full.
fn flow(live: &Live, pool: &Pool, count: usize) -> (f64, f64) {
    const GROUP: usize = 16384;
    let (mut cpus, mut rates) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let (before, start) = (cpu_nanos(), Instant::now());
        for i in 0..count {
            w4(&live.tracer, &live.parent, pool, i);
            if i % GROUP == GROUP - 1 {
                flush(&live.provider);
            }
        }
        flush(&live.provider);
        cpus.push((cpu_nanos() - before) / count as f64);
        rates.push(count as f64 / start.elapsed().as_secs_f64());
    }
    (median(&mut cpus), median(&mut rates))
}

pub fn batch_size(trial: &mut Trial) {
    let pool = Pool::new();
    for size in [1, 16, 128, 256, 512, 1024, 2048] {
        let name = size.to_string();
        let batch = || BatchConfigBuilder::default().with_max_queue_size(32768).with_max_export_batch_size(size);
        let count = (20_000.0 * trial.scale) as usize / if size < 16 { 8 } else { 1 };
        trial.reset_counts();
        let live = Live::new(trial, batch());
        let (cpu, rate) = flow(&live, &pool, count);
        live.finish();
        trial.expect(3 * count + 1);
        trial.add(&name, "throughput", rate, "spans/s");
        trial.add(&name, "CPU a span, flat out", cpu, "ns");
        at_ten_thousand(trial, &name, &pool, batch());
    }
}

fn at_ten_thousand(trial: &mut Trial, name: &str, pool: &Pool, batch: BatchConfigBuilder) {
    const RATE: usize = 10_000;
    let length = Duration::from_secs_f64(1.5 * trial.scale);
    let before = cpu_nanos();
    at_rate(RATE, length / 2, |_| {});
    let pacing = 2.0 * (cpu_nanos() - before);
    let live = Live::new(trial, batch);
    let make = |i: usize| w4(&live.tracer, &live.parent, pool, i);
    at_rate(RATE, Duration::from_secs(1), make); // as bench/experiments does
    trial.reset_counts();
    let before = cpu_nanos();
    at_rate(RATE, length, make);
    let cpu = cpu_nanos() - before - pacing;
    let (late, requests) = (trial.received("latency_ns_p99"), trial.received("requests")); // the flush would hurry the last
    live.finish();
    trial.add(name, "P99 End to received, 10,000 spans/s", late / 1e6, "ms");
    trial.add(name, "CPU, 10,000 spans/s", 100.0 * cpu / length.as_nanos() as f64, "% of a core");
    trial.add(name, "exports, 10,000 spans/s", requests / length.as_secs_f64(), "/s");
}
