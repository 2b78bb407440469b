//! fastrace, which keeps fewer rules than OpenTelemetry asks for: spans of a thread are children of the local one, keys
//! may repeat, ids are counted up from a random one, and nothing bounds a span. Each burst is a trace of its own, whose
//! root is in the time, as that is what hands the spans over.

use std::borrow::Cow;

use fastrace::collector::Config;
use fastrace::local::LocalSpan;
use fastrace::prelude::{Span, SpanContext};
use fastrace_opentelemetry::OpenTelemetryReporter;
use opentelemetry::InstrumentationScope;

use crate::measure::{compare, Case, Trial, BURST};
use crate::sdk_spans::{exporter, resource};

fn report_to(trial: &Trial) {
    trial.reset_counts();
    let scope = InstrumentationScope::builder("bench").build();
    let reporter = OpenTelemetryReporter::new(exporter(&trial.address), Cow::Owned(resource()), scope);
    fastrace::set_reporter(reporter, Config::default());
}

fn case<'a>(name: &str, sampled: bool, mut work: impl FnMut(usize) + 'a) -> Case<'a> {
    let burst = move |first: usize| {
        let root = Span::root("root", SpanContext::random().sampled(sampled));
        let _local = root.set_local_parent();
        (first..first + BURST).for_each(&mut work);
    };
    Case { name: name.to_string(), burst: Box::new(burst) }
}

fn start() -> LocalSpan {
    LocalSpan::enter_with_local_parent("GET /users").with_property(|| ("span.kind", "server"))
}

pub fn spans(trial: &mut Trial) {
    report_to(trial);
    let pool = crate::measure::Pool::new();
    let text16 = |i: usize| pool.text16[i & 63].clone();
    let text20 = |i: usize| pool.text20[i & 63].clone();
    let number = |i: usize| (200 + (i & 63)).to_string();
    let w3 = |i: usize| {
        drop(start().with_properties(|| {
            [
                ("http.reqmethod", text16(i)),
                ("url.pathnormal", text16(i + 1)),
                ("server.address", text16(i + 2)),
                ("user_agent.org", text16(i + 3)),
                ("http.resp.code", number(i)),
                ("server.portnum", number(i + 1)),
                ("http.body.size", number(i + 2)),
                ("error.occurred", (i & 1 != 0).to_string()),
            ]
        }))
    };
    let w4 = |i: usize| {
        drop(start().with_properties(|| {
            [
                ("spec.attribute.key00", text20(i)),
                ("spec.attribute.key01", text20(i + 1)),
                ("spec.attribute.key02", text20(i + 2)),
                ("spec.attribute.key03", text20(i + 3)),
                ("spec.attribute.key04", text20(i + 4)),
                ("spec.attribute.key05", text20(i + 5)),
                ("spec.attribute.key06", text20(i + 6)),
                ("spec.attribute.key07", text20(i + 7)),
                ("spec.attribute.key08", text20(i + 8)),
                ("spec.attribute.key09", text20(i + 9)),
            ]
        }))
    };
    let rounds = trial.rounds();
    let mut cases = [
        case("W1", false, |_| drop(start())),
        case("W2", true, |_| drop(start())),
        case("W3", true, w3),
        case("W4", true, w4),
    ];
    compare(trial, rounds, &mut cases, &fastrace::flush);
    trial.expect(3 * rounds * (BURST + 1));
}

pub fn attribute_count(trial: &mut Trial) {
    report_to(trial);
    let pool = &crate::measure::Pool::new();
    let keys: Vec<String> = (0..128).map(|k| format!("attribute.key.{}", 100 + k)).collect();
    let (keys, rounds, counts) = (&keys, trial.rounds() / 3 + 1, [0, 1, 2, 4, 8, 16, 32, 64, 128]);
    let mut cases: Vec<Case> = counts
        .into_iter()
        .map(|count| {
            case(&count.to_string(), true, move |i| {
                drop(start().with_properties(|| {
                    keys[..count]
                        .iter()
                        .enumerate()
                        .map(move |(k, key)| (key.clone(), pool.text16[(i + k) & 63].clone()))
                }))
            })
        })
        .collect();
    // One after the other: what a case of 128 left to be freed would be paid by the next one.
    for case in &mut cases {
        compare(trial, rounds, std::slice::from_mut(case), &fastrace::flush);
    }
    trial.expect(counts.len() * rounds * (BURST + 1));
}
