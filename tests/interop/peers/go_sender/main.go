// Sends a fixed set of spans with the official OpenTelemetry SDK for Go, through its OTLP exporters.
//
//	go_sender http|grpc ENDPOINT_URL none|gzip COUNT
//
// COUNT roots, each with one child; go_exports_test.py says what they hold. Prints a line "trace_id span_id root 7"
// for each span; ends with 1 if one could not be delivered.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

func makeExporter(ctx context.Context, protocol, endpoint, compression string) (*otlptrace.Exporter, error) {
	if protocol == "grpc" {
		options := []otlptracegrpc.Option{otlptracegrpc.WithEndpointURL(endpoint)}
		if compression == "gzip" {
			options = append(options, otlptracegrpc.WithCompressor("gzip"))
		}
		return otlptracegrpc.New(ctx, options...)
	}
	how := otlptracehttp.NoCompression
	if compression == "gzip" {
		how = otlptracehttp.GzipCompression
	}
	return otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(endpoint), otlptracehttp.WithCompression(how))
}

func send(protocol, endpoint, compression string, count int) error {
	ctx := context.Background()
	exporter, err := makeExporter(ctx, protocol, endpoint, compression)
	if err != nil {
		return err
	}
	var failed error
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { failed = errors.Join(failed, err) }))
	provider := sdk.NewTracerProvider(
		sdk.WithBatcher(exporter, sdk.WithBatchTimeout(time.Second)),
		sdk.WithResource(resource.NewSchemaless(attribute.String("service.name", "go-sender"))))
	tracer := provider.Tracer("interop.go", trace.WithInstrumentationVersion("1.2.3"))
	for i := range count {
		parent, root := tracer.Start(ctx, "root "+strconv.Itoa(i), trace.WithSpanKind(trace.SpanKindServer))
		_, child := tracer.Start(parent, "child "+strconv.Itoa(i), trace.WithLinks(trace.LinkFromContext(parent)))
		child.SetAttributes(
			attribute.Int("index", i),
			attribute.String("text", "grüße"),
			attribute.Bool("flag", i%2 == 0),
			attribute.Float64("ratio", 0.5),
			attribute.Int64Slice("list", []int64{1, -2}))
		child.AddEvent("tick", trace.WithAttributes(attribute.String("unit", "s")))
		child.SetStatus(codes.Error, "boom")
		child.End()
		root.End()
		for name, span := range map[string]trace.Span{"root": root, "child": child} {
			id := span.SpanContext()
			fmt.Println(id.TraceID(), id.SpanID(), name, i)
		}
	}
	return errors.Join(provider.Shutdown(ctx), failed)
}

func main() {
	if len(os.Args) != 5 {
		log.Fatal("usage: go_sender http|grpc ENDPOINT_URL none|gzip COUNT")
	}
	count, err := strconv.Atoi(os.Args[4])
	if err != nil {
		log.Fatal(err)
	}
	if err := send(os.Args[1], os.Args[2], os.Args[3], count); err != nil {
		log.Fatal(err)
	}
}
