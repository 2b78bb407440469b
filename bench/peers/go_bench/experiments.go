package main

// The experiments of bench/experiments for the Go SDK: the same cases under the same names, so that the report can put them
// side by side. A case that lost spans is a fatal error, except where loss is the question.

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

type figure struct {
	What   string  `json:"what"`
	Value  float64 `json:"value"`
	Unit   string  `json:"unit"`
	Case   string  `json:"case"`
	Metric string  `json:"metric"`
}

type trial struct {
	endpoint string
	scale    float64
	profile  string
	name     string
	figures  *[]figure
}

func (t trial) add(of, metric string, value float64, unit string) {
	fmt.Printf("  %-44s %-42s %14.3f %s\n", of, metric, value, unit)
	*t.figures = append(*t.figures, figure{t.name + ", " + of + ": " + metric, value, unit, of, metric})
}

var experiments = map[string]func(t trial){
	"spans": spans, "attributes_pair": attributesPair, "pooling_pair": poolingPair, "context_pair": contextPair,
	"attribute_count": attributeCount, "batch_size": batchSize, "compression": compression,
	"connection_pair": connectionPair, "sampling": sampling, "queue_size": queueSize, "thread_count": threadCount,
	"shares": shares, "stalls": stalls, "presets": presets, "schedule_delay": scheduleDelay, "queue_pair": queuePair,
	"multiplexing": multiplexing,
}

// Ours exports on another processor in these.
var onAllProcessors = []string{"thread_count", "stalls", "presets", "schedule_delay", "queue_pair"}

func runExperiment(name string, t trial, path string) {
	measure, known := experiments[name]
	if !known {
		log.Fatalf("no experiment %q", name)
	}
	if !slices.Contains(onAllProcessors, name) {
		runtime.GOMAXPROCS(1)
	}
	t.name, t.figures = name, &[]figure{}
	measure(t)
	if path == "" {
		return
	}
	out, err := json.MarshalIndent(map[string]any{"experiment": name, "figures": *t.figures, "notes": []string{}}, "", " ")
	must(err)
	must(os.WriteFile(path, out, 0o644))
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// pipeline is a provider with a batch processor that blocks rather than drops, to our receiver.
func (t trial) pipeline(options []sdk.BatchSpanProcessorOption, http []otlptracehttp.Option,
	provider ...sdk.TracerProviderOption) *sdk.TracerProvider {
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Fatal(err) }))
	exporter, err := otlptracehttp.New(context.Background(), append([]otlptracehttp.Option{
		otlptracehttp.WithEndpoint(t.endpoint), otlptracehttp.WithInsecure()}, http...)...)
	must(err)
	return t.provider(exporter, options, provider...)
}

func (t trial) provider(exporter sdk.SpanExporter, options []sdk.BatchSpanProcessorOption,
	provider ...sdk.TracerProviderOption) *sdk.TracerProvider {
	return sdk.NewTracerProvider(append([]sdk.TracerProviderOption{sdk.WithBatcher(exporter, options...),
		sdk.WithResource(resource.NewSchemaless(attribute.String("service.name", "bench")))}, provider...)...)
}

var blocking = []sdk.BatchSpanProcessorOption{sdk.WithBlocking(), sdk.WithMaxQueueSize(32768)}

// counts asks the receiver for its counters.
func (t trial) counts() map[string]float64 {
	answer, err := http.Get("http://" + t.endpoint + "/counts")
	must(err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	must(err)
	found := map[string]float64{}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		name, value, _ := strings.Cut(line, " ")
		found[name], err = strconv.ParseFloat(value, 64)
		must(err)
	}
	return found
}

func (t trial) resetCounts() {
	answer, err := http.Post("http://"+t.endpoint+"/reset", "text/plain", nil)
	must(err)
	answer.Body.Close()
}

func (t trial) expect(spans int) {
	if got := int(t.counts()["spans"]); got != spans {
		log.Fatalf("the receiver has %d spans of %d", got, spans)
	}
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// --- what one call costs ---

type calls struct {
	name string
	work workload
}

// compare times bursts of the cases in turn; exports happen between the bursts, so that allocations are the caller's own.
func (t trial) compare(parent context.Context, provider *sdk.TracerProvider, cases []calls, rounds int) {
	tracer := provider.Tracer("bench")
	nanos, mallocs, bytes := make([][]float64, len(cases)), make([]uint64, len(cases)), make([]uint64, len(cases))
	var before, after runtime.MemStats
	for round := range rounds {
		for c, each := range cases {
			counted := round%16 == 0 // reading the counters stops the world
			if counted {
				runtime.ReadMemStats(&before)
			}
			start := time.Now()
			for i := range burst {
				each.work(parent, tracer, round*burst+i)
			}
			nanos[c] = append(nanos[c], float64(time.Since(start).Nanoseconds())/burst)
			if counted {
				runtime.ReadMemStats(&after)
				mallocs[c] += after.Mallocs - before.Mallocs
				bytes[c] += after.TotalAlloc - before.TotalAlloc
			}
			must(provider.ForceFlush(context.Background()))
		}
	}
	counted := float64((rounds + 15) / 16 * burst)
	for c, each := range cases {
		t.add(each.name, "time", median(nanos[c]), "ns")
		t.add(each.name, "allocations", float64(mallocs[c])/counted, "")
		t.add(each.name, "allocated", float64(bytes[c])/counted, "bytes")
	}
}

func (t trial) rounds() int { return int(200*t.scale) + 1 }

func spans(t trial) {
	provider := t.pipeline(nil, nil)
	parent, root := provider.Tracer("bench").Start(context.Background(), "root")
	unsampled := trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: root.SpanContext().TraceID(), SpanID: root.SpanContext().SpanID()}))
	w1 := func(_ context.Context, tracer trace.Tracer, i int) {
		_, span := tracer.Start(unsampled, "GET /users", trace.WithSpanKind(trace.SpanKindServer))
		if span.IsRecording() {
			span.SetAttributes(attribute.Int("http.resp.code", i))
		}
		span.End()
	}
	t.compare(parent, provider, []calls{{"W1", w1}, {"W2", w2}, {"W3", w3}, {"W4", w4}}, t.rounds())
	root.End()
	must(provider.Shutdown(context.Background()))
}

func attributesPair(t trial) {
	provider := t.pipeline(nil, nil)
	parent, root := provider.Tracer("bench").Start(context.Background(), "root")
	oneByOne := func(ctx context.Context, tracer trace.Tracer, i int) {
		_, span := tracer.Start(ctx, "GET /users", trace.WithSpanKind(trace.SpanKindServer))
		span.SetAttributes(attribute.String("http.reqmethod", text16[i&63]))
		span.SetAttributes(attribute.String("url.pathnormal", text16[(i+1)&63]))
		span.SetAttributes(attribute.String("server.address", text16[(i+2)&63]))
		span.SetAttributes(attribute.String("user_agent.org", text16[(i+3)&63]))
		span.SetAttributes(attribute.Int("http.resp.code", 200+i&63))
		span.SetAttributes(attribute.Int("server.portnum", 200+(i+1)&63))
		span.SetAttributes(attribute.Int("http.body.size", 200+(i+2)&63))
		span.SetAttributes(attribute.Bool("error.occurred", i&1 != 0))
		span.End()
	}
	kept := []attribute.KeyValue{attribute.String("http.reqmethod", "abcdefghijklmnop"),
		attribute.String("url.pathnormal", "bcdefghijklmnopq"), attribute.String("server.address", "cdefghijklmnopqr"),
		attribute.String("user_agent.org", "defghijklmnopqrs"), attribute.Int("http.resp.code", 200),
		attribute.Int("server.portnum", 201), attribute.Int("http.body.size", 202), attribute.Bool("error.occurred", true)}
	keptList := func(ctx context.Context, tracer trace.Tracer, _ int) {
		_, span := tracer.Start(ctx, "GET /users", trace.WithSpanKind(trace.SpanKindServer))
		span.SetAttributes(kept...)
		span.End()
	}
	t.compare(parent, provider, []calls{{"one call each", oneByOne}, {"one list in one call", w3},
		{"one list, made once", keptList}, {"no attributes", w2}}, t.rounds())
	root.End()
	must(provider.Shutdown(context.Background()))
}

// poolingPair is the guide's own example: a slice of attributes made for each span, or taken from a sync.Pool.
func poolingPair(t trial) {
	provider := t.pipeline(nil, nil)
	parent, root := provider.Tracer("bench").Start(context.Background(), "root")
	keys := [10]string{}
	for i := range keys {
		keys[i] = fmt.Sprintf("spec.attribute.key%02d", i)
	}
	fill := func(attributes []attribute.KeyValue, i int) []attribute.KeyValue {
		for k, key := range keys {
			attributes = append(attributes, attribute.String(key, text20[(i+k)&63]))
		}
		return attributes
	}
	fresh := func(ctx context.Context, tracer trace.Tracer, i int) {
		_, span := tracer.Start(ctx, "GET /users", trace.WithSpanKind(trace.SpanKindServer))
		span.SetAttributes(fill(make([]attribute.KeyValue, 0, 10), i)...)
		span.End()
	}
	pool := sync.Pool{New: func() any { made := make([]attribute.KeyValue, 0, 10); return &made }}
	pooled := func(ctx context.Context, tracer trace.Tracer, i int) {
		_, span := tracer.Start(ctx, "GET /users", trace.WithSpanKind(trace.SpanKindServer))
		kept := pool.Get().(*[]attribute.KeyValue)
		*kept = fill((*kept)[:0], i)
		span.SetAttributes(*kept...)
		pool.Put(kept)
		span.End()
	}
	t.compare(parent, provider, []calls{{"objects, made anew", fresh}, {"objects, pooled", pooled}}, t.rounds())
	root.End()
	must(provider.Shutdown(context.Background()))
}

type contextKey string
type requestValues struct{ tenant, user, shard int }

var kept context.Context

func contextPair(t trial) {
	provider := t.pipeline(nil, nil)
	oneByOne := func(ctx context.Context, _ trace.Tracer, i int) {
		ctx = context.WithValue(ctx, contextKey("tenant"), i)
		ctx = context.WithValue(ctx, contextKey("user"), i+1)
		kept = context.WithValue(ctx, contextKey("shard"), i+2)
	}
	atOnce := func(ctx context.Context, _ trace.Tracer, i int) {
		kept = context.WithValue(ctx, contextKey("request"), &requestValues{i, i + 1, i + 2})
	}
	_, root := provider.Tracer("bench").Start(context.Background(), "root")
	current := func(ctx context.Context, _ trace.Tracer, _ int) { kept = trace.ContextWithSpan(ctx, root) }
	t.compare(context.Background(), provider, []calls{{"three values, one after the other", oneByOne},
		{"three values in one call", atOnce}, {"make a span current, restore", current}}, t.rounds())
	root.End()
	must(provider.Shutdown(context.Background()))
}

func attributeCount(t trial) {
	provider := t.pipeline(nil, nil)
	parent, root := provider.Tracer("bench").Start(context.Background(), "root")
	keys := [128]string{}
	for i := range keys {
		keys[i] = "attribute.key." + strconv.Itoa(100+i)
	}
	var cases []calls
	for _, count := range []int{0, 1, 2, 4, 8, 16, 32, 64, 128} {
		cases = append(cases, calls{strconv.Itoa(count), func(ctx context.Context, tracer trace.Tracer, i int) {
			_, span := tracer.Start(ctx, "GET /users", trace.WithSpanKind(trace.SpanKindServer))
			attributes := make([]attribute.KeyValue, 0, count)
			for k := range count {
				attributes = append(attributes, attribute.String(keys[k], text16[(i+k)&63]))
			}
			span.SetAttributes(attributes...)
			span.End()
		}})
	}
	t.compare(parent, provider, cases, t.rounds()/3+1)
	root.End()
	must(provider.Shutdown(context.Background()))
}

func peakMiB() float64 {
	text, err := os.ReadFile("/proc/self/status")
	must(err)
	found := regexp.MustCompile(`VmHWM:\s+(\d+)`).FindSubmatch(text)
	kib, err := strconv.ParseFloat(string(found[1]), 64)
	must(err)
	return kib / 1024
}
