//! Times the OpenTelemetry SDK for Rust, and fastrace, with the workloads of bench/workloads.h against our receiver, for
//! tools/report.
//!
//!     rust_bench sdk|fastrace EXPERIMENT [--scale X] [--json FILE] HOST:PORT
//!
//! Cases, metrics and form are those of bench/experiments (bench/experiments/points.h). Batch processor with its
//! defaults, OTLP over HTTP, protobuf, no compression. A case that lost spans ends the program, and has no figure.

mod fastrace_spans;
mod measure;
mod sdk_spans;

use measure::{Arguments, Trial};

fn main() {
    let arguments = Arguments::parse();
    let mut trial = Trial::new(&arguments);
    match (arguments.series.as_str(), arguments.experiment.as_str()) {
        ("sdk", "spans") => sdk_spans::spans(&mut trial),
        ("sdk", "attribute_count") => sdk_spans::attribute_count(&mut trial),
        ("sdk", "batch_size") => sdk_spans::batch_size(&mut trial),
        ("fastrace", "spans") => fastrace_spans::spans(&mut trial),
        ("fastrace", "attribute_count") => fastrace_spans::attribute_count(&mut trial),
        (series, experiment) => measure::fail(&format!("{series} has no experiment {experiment}")),
    }
    trial.write();
}
