//! tonic, Rust's gRPC: the OpenTelemetry SDK for Rust exports over it, and a server takes what others export.
//!
//!     tonic send ENDPOINT_URL none|gzip|zstd COUNT [CA_PEM]
//!     tonic serve FILE [CERTIFICATE_PEM KEY_PEM [CLIENT_CA_PEM]]
//!
//! send: COUNT roots, each with one child; exported_spans.py says what they hold. Prints a line "trace_id span_id root 7"
//! for each span; ends with 1 if one could not be delivered. With CA_PEM over TLS, to "localhost".
//! serve: prints "port N", and takes traces, plain, gzip and zstd, until standard input ends; FILE gets each request
//! after its length, four bytes, big endian. With a certificate over TLS; with CLIENT_CA_PEM it wants one of its clients.

use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::sync::Mutex;

use opentelemetry::trace::{Link, Span, SpanKind, Status, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Array, Context, InstrumentationScope, KeyValue, Value};
use opentelemetry_otlp::{Compression, SpanExporter, WithExportConfig, WithTonicConfig};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_sdk::trace::SdkTracerProvider;
use opentelemetry_sdk::Resource;
use prost::Message;
use tonic::codec::CompressionEncoding;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Certificate, ClientTlsConfig, Identity, Server, ServerTlsConfig};

const MESSAGE_BYTES_MAX: usize = 64 << 20;

fn exporter(url: &str, compression: &str, ca_file: Option<&String>) -> Result<SpanExporter, Box<dyn Error>> {
    let mut builder = SpanExporter::builder().with_tonic().with_endpoint(url);
    builder = match compression {
        "gzip" => builder.with_compression(Compression::Gzip),
        "zstd" => builder.with_compression(Compression::Zstd),
        _ => builder,
    };
    if let Some(file) = ca_file {
        let ca = Certificate::from_pem(std::fs::read(file)?);
        builder = builder.with_tls_config(ClientTlsConfig::new().ca_certificate(ca).domain_name("localhost"));
    }
    Ok(builder.build()?)
}

fn make_spans(provider: &SdkTracerProvider, count: usize) {
    let scope = InstrumentationScope::builder("interop.rust").with_version("1.2.3").build();
    let tracer = provider.tracer_with_scope(scope);
    for i in 0..count {
        let root = tracer.span_builder(format!("root {i}")).with_kind(SpanKind::Server);
        let root = root.start_with_context(&tracer, &Context::new());
        let root_id = root.span_context().clone();
        let parent = Context::new().with_span(root);
        let child = tracer.span_builder(format!("child {i}")).with_links(vec![Link::with_context(root_id.clone())]);
        let mut child = child.start_with_context(&tracer, &parent);
        child.set_attributes([
            KeyValue::new("index", i as i64),
            KeyValue::new("text", "grüße"),
            KeyValue::new("flag", i % 2 == 0),
            KeyValue::new("ratio", 0.5),
            KeyValue::new("list", Value::Array(Array::I64(vec![1, -2]))),
        ]);
        child.add_event("tick", vec![KeyValue::new("unit", "s")]);
        child.set_status(Status::error("boom"));
        for (id, name) in [(&root_id, "root"), (child.span_context(), "child")] {
            println!("{} {} {name} {i}", id.trace_id(), id.span_id());
        }
        child.end();
        parent.span().end();
    }
}

fn send(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let exporter = exporter(&arguments[0], &arguments[1], arguments.get(3))?;
    let resource = Resource::builder_empty().with_attribute(KeyValue::new("service.name", "tonic")).build();
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build();
    make_spans(&provider, arguments[2].parse()?);
    provider.force_flush()?;
    Ok(provider.shutdown()?)
}

struct Sink(Mutex<File>);

#[tonic::async_trait]
impl TraceService for Sink {
    async fn export(
        &self,
        request: tonic::Request<ExportTraceServiceRequest>,
    ) -> Result<tonic::Response<ExportTraceServiceResponse>, tonic::Status> {
        let message = request.into_inner().encode_to_vec();
        let mut record = (message.len() as u32).to_be_bytes().to_vec();
        record.extend(message);
        self.0.lock().unwrap().write_all(&record)?;
        Ok(tonic::Response::new(ExportTraceServiceResponse::default()))
    }
}

fn tls(files: &[String]) -> Result<Option<ServerTlsConfig>, Box<dyn Error>> {
    let [certificate, key, client_ca @ ..] = files else { return Ok(None) };
    let identity = Identity::from_pem(std::fs::read(certificate)?, std::fs::read(key)?);
    let config = ServerTlsConfig::new().identity(identity);
    Ok(Some(match client_ca.first() {
        Some(ca) => config.client_ca_root(Certificate::from_pem(std::fs::read(ca)?)),
        None => config,
    }))
}

async fn serve(file: &str, tls_files: &[String]) -> Result<(), Box<dyn Error>> {
    let mut server = Server::builder();
    if let Some(config) = tls(tls_files)? {
        server = server.tls_config(config)?;
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("port {}", listener.local_addr()?.port());
    let service = TraceServiceServer::new(Sink(Mutex::new(File::create(file)?)))
        .accept_compressed(CompressionEncoding::Gzip)
        .accept_compressed(CompressionEncoding::Zstd)
        .max_decoding_message_size(MESSAGE_BYTES_MAX);
    let serving = server.serve_with_incoming(service, TcpIncoming::from(listener));
    let input_ends = tokio::task::spawn_blocking(|| std::io::stdin().lines().count());
    tokio::select! {
        result = serving => result?,
        _ = input_ends => (),
    }
    Ok(())
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("send") if (4..=5).contains(&arguments.len()) => tokio::task::block_in_place(|| send(&arguments[1..])),
        Some("serve") if [2, 4, 5].contains(&arguments.len()) => serve(&arguments[1], &arguments[2..]).await,
        _ => Err("usage: tonic send ENDPOINT_URL none|gzip|zstd COUNT [CA_PEM] | \
                  tonic serve FILE [CERTIFICATE_PEM KEY_PEM [CLIENT_CA_PEM]]"
            .into()),
    }
}
