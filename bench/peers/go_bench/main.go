// Times the official OpenTelemetry SDK for Go with the workloads of bench/workloads.h, against our receiver.
//
//	go_bench HOST:PORT
//	go_bench --experiment NAME [--scale X] [--json FILE] [--profile FILE] HOST:PORT
//
// The first prints a table. One processor (GOMAXPROCS=1), batch processor with its defaults, OTLP over HTTP, protobuf, no
// compression. Bursts of 256 spans fit the queue; the flush between them is not timed, but is in the last column, the CPU
// of the whole process a span. The receiver's count is compared by hand: curl HOST:PORT/counts.
//
// The second measures what bench/experiments measures for us, case by case, in the same form (bench/experiments/points.h),
// for tools/report.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"runtime"
	"slices"
	"syscall"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

const (
	burst  = 256
	bursts = 400
)

var text16, text20 [64]string

func fillPool() {
	random := rand.New(rand.NewPCG(1, 2))
	word := func(size int) string {
		letters := make([]byte, size)
		for i := range letters {
			letters[i] = byte('a' + random.IntN(26))
		}
		return string(letters)
	}
	for i := range text16 {
		text16[i], text20[i] = word(16), word(20)
	}
}

func w2(ctx context.Context, tracer trace.Tracer, _ int) {
	_, span := tracer.Start(ctx, "GET /users", trace.WithSpanKind(trace.SpanKindServer))
	span.End()
}

func w3(ctx context.Context, tracer trace.Tracer, i int) {
	_, span := tracer.Start(ctx, "GET /users", trace.WithSpanKind(trace.SpanKindServer))
	span.SetAttributes(
		attribute.String("http.reqmethod", text16[i&63]), attribute.String("url.pathnormal", text16[(i+1)&63]),
		attribute.String("server.address", text16[(i+2)&63]), attribute.String("user_agent.org", text16[(i+3)&63]),
		attribute.Int("http.resp.code", 200+i&63), attribute.Int("server.portnum", 200+(i+1)&63),
		attribute.Int("http.body.size", 200+(i+2)&63), attribute.Bool("error.occurred", i&1 != 0))
	span.End()
}

func w4(ctx context.Context, tracer trace.Tracer, i int) {
	_, span := tracer.Start(ctx, "GET /users", trace.WithSpanKind(trace.SpanKindServer))
	span.SetAttributes(
		attribute.String("spec.attribute.key00", text20[i&63]), attribute.String("spec.attribute.key01", text20[(i+1)&63]),
		attribute.String("spec.attribute.key02", text20[(i+2)&63]), attribute.String("spec.attribute.key03", text20[(i+3)&63]),
		attribute.String("spec.attribute.key04", text20[(i+4)&63]), attribute.String("spec.attribute.key05", text20[(i+5)&63]),
		attribute.String("spec.attribute.key06", text20[(i+6)&63]), attribute.String("spec.attribute.key07", text20[(i+7)&63]),
		attribute.String("spec.attribute.key08", text20[(i+8)&63]), attribute.String("spec.attribute.key09", text20[(i+9)&63]))
	span.End()
}

func cpuNanos() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		log.Fatal(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

type workload func(ctx context.Context, tracer trace.Tracer, i int)

// measure prints the median wall time of a span, the allocations of its thread and exporter, and the CPU of all threads.
func measure(ctx context.Context, provider *sdk.TracerProvider, name string, work workload) error {
	tracer := provider.Tracer("bench")
	var before, after runtime.MemStats
	var took []float64
	runtime.ReadMemStats(&before)
	cpu := cpuNanos()
	for b := range bursts {
		start := time.Now()
		for i := range burst {
			work(ctx, tracer, b*burst+i)
		}
		took = append(took, float64(time.Since(start).Nanoseconds())/burst)
		if err := provider.ForceFlush(ctx); err != nil {
			return err
		}
	}
	all := float64(cpuNanos()-cpu) / (burst * bursts)
	runtime.ReadMemStats(&after)
	slices.Sort(took)
	allocations := float64(after.Mallocs-before.Mallocs) / (burst * bursts)
	fmt.Printf("  %-4s %8.1f ns a span (median)  %6.1f allocations with export  %8.1f ns CPU, all threads with export\n",
		name, took[len(took)/2], allocations, all)
	return nil
}

func run(endpoint string) error {
	ctx := context.Background()
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpoint(endpoint), otlptracehttp.WithInsecure())
	if err != nil {
		return err
	}
	var failed error
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { failed = errors.Join(failed, err) }))
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter),
		sdk.WithResource(resource.NewSchemaless(attribute.String("service.name", "bench"))))
	parent, root := provider.Tracer("bench").Start(ctx, "root")
	for _, each := range []struct {
		name string
		work workload
	}{{"W2", w2}, {"W3", w3}, {"W4", w4}} {
		if err := measure(parent, provider, each.name, each.work); err != nil {
			return err
		}
	}
	root.End()
	return errors.Join(provider.Shutdown(ctx), failed)
}

func main() {
	experiment := flag.String("experiment", "", "measure this one, as bench/experiments does")
	scale := flag.Float64("scale", 1, "so many times as long")
	json := flag.String("json", "", "write the figures to this file")
	profile := flag.String("profile", "", "shares: write a CPU profile to this file")
	flag.Parse()
	if flag.NArg() != 1 {
		log.Fatal("usage: go_bench [--experiment NAME] [--scale X] [--json FILE] [--profile FILE] HOST:PORT")
	}
	fillPool()
	if *experiment != "" {
		runExperiment(*experiment, trial{endpoint: flag.Arg(0), scale: *scale, profile: *profile}, *json)
		return
	}
	runtime.GOMAXPROCS(1)
	if err := run(flag.Arg(0)); err != nil {
		log.Fatal(err)
	}
}
