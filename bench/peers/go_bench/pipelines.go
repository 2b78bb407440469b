package main

// The experiments of whole pipelines: batches, codings, connections, sampling, queues, threads, shares, stalls.

import (
	"context"
	"fmt"
	"log"
	"math"
	"math/bits"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"strconv"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// flow makes spans as fast as the pipeline takes them: CPU of all threads and wall rate, with the flush.
func flow(provider *sdk.TracerProvider, count int, work workload) (cpu, rate float64) {
	parent, root := provider.Tracer("bench").Start(context.Background(), "root")
	tracer := provider.Tracer("bench")
	var cpus, rates []float64
	for range 3 {
		before, start := cpuNanos(), time.Now()
		for i := range count {
			work(parent, tracer, i)
		}
		must(provider.ForceFlush(context.Background()))
		cpus = append(cpus, float64(cpuNanos()-before)/float64(count))
		rates = append(rates, float64(count)/time.Since(start).Seconds())
	}
	root.End()
	return median(cpus), median(rates)
}

// atRate calls each `rate` times a second, in groups a millisecond apart.
func atRate(rate int, length time.Duration, each func(i int)) {
	group, made := max(1, rate/1000), 0
	start := time.Now()
	for due := time.Duration(0); due < length; due += time.Second * time.Duration(group) / time.Duration(rate) {
		if wait := due - time.Since(start); wait > 0 {
			time.Sleep(wait)
		}
		for range group {
			each(made)
			made++
		}
	}
}

func batchSize(t trial) {
	for _, size := range []int{1, 16, 128, 256, 512, 1024, 2048} {
		name := strconv.Itoa(size)
		options := append(slices.Clone(blocking), sdk.WithMaxExportBatchSize(size))
		count := int(20_000 * t.scale)
		if size < 16 {
			count /= 8
		}
		t.resetCounts()
		provider := t.pipeline(options, nil)
		cpu, rate := flow(provider, count, w4)
		must(provider.Shutdown(context.Background()))
		t.expect(3*count + 1)
		t.add(name, "throughput", rate, "spans/s")
		t.add(name, "CPU a span, flat out", cpu, "ns")
		t.atRate(name, options)
	}
}

// atRate adds the figures of 10,000 spans a second.
func (t trial) atRate(name string, options []sdk.BatchSpanProcessorOption) {
	const rate = 10_000
	length := time.Duration(1.5 * t.scale * float64(time.Second))
	before := cpuNanos()
	atRate(rate, length/2, func(int) {})
	pacing := 2 * (cpuNanos() - before)
	provider := t.pipeline(options, nil)
	parent, root := provider.Tracer("bench").Start(context.Background(), "root")
	tracer := provider.Tracer("bench")
	atRate(rate, time.Second, func(i int) { w4(parent, tracer, i) }) // as bench/experiments does
	t.resetCounts()
	before = cpuNanos()
	atRate(rate, length, func(i int) { w4(parent, tracer, i) })
	cpu := float64(cpuNanos() - before - pacing)
	counts := t.counts() // before the flush, which would hurry the last ones
	root.End()
	must(provider.Shutdown(context.Background()))
	t.add(name, "P99 End to received, 10,000 spans/s", counts["latency_ns_p99"]/1e6, "ms")
	t.add(name, "CPU, 10,000 spans/s", 100*cpu/float64(length.Nanoseconds()), "% of a core")
	t.add(name, "exports, 10,000 spans/s", counts["requests"]/length.Seconds(), "/s")
}

var random = uint64(88172645463325252)

func hex20() string {
	var out [20]byte
	for k := range out {
		random ^= random << 13
		random ^= random >> 7
		random ^= random << 17
		out[k] = "0123456789abcdef"[random&15]
	}
	return string(out[:])
}

// varied has values that occur once next to some that repeat, as bench/experiments/transport.cc has.
func varied(ctx context.Context, tracer trace.Tracer, i int) {
	_, span := tracer.Start(ctx, "GET /users", trace.WithSpanKind(trace.SpanKindServer))
	span.SetAttributes(
		attribute.String("spec.attribute.key00", hex20()), attribute.String("spec.attribute.key01", hex20()),
		attribute.String("spec.attribute.key02", hex20()), attribute.String("spec.attribute.key03", hex20()),
		attribute.String("spec.attribute.key04", hex20()), attribute.String("spec.attribute.key05", text20[i%5]),
		attribute.String("spec.attribute.key06", text20[i%7]), attribute.String("spec.attribute.key07", text20[3]),
		attribute.String("spec.attribute.key08", text20[i%3]), attribute.String("spec.attribute.key09", text20[9]))
	span.End()
}

// timed notes how long each export takes.
type timed struct {
	sdk.SpanExporter
	mutex *sync.Mutex
	took  *[]float64
}

func (e timed) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	start := time.Now()
	err := e.SpanExporter.ExportSpans(ctx, spans)
	e.mutex.Lock()
	*e.took = append(*e.took, time.Since(start).Seconds()*1e3)
	e.mutex.Unlock()
	return err
}

func (t trial) addExports(name string, took []float64) {
	slices.Sort(took)
	t.add(name, "P50 of an export of 512 spans", took[len(took)/2], "ms")
	t.add(name, "P99 of an export of 512 spans", took[len(took)*99/100], "ms")
}

func (t trial) exporter(options ...otlptracehttp.Option) sdk.SpanExporter {
	exporter, err := otlptracehttp.New(context.Background(), append([]otlptracehttp.Option{
		otlptracehttp.WithEndpoint(t.endpoint), otlptracehttp.WithInsecure()}, options...)...)
	must(err)
	return exporter
}

func compression(t trial) {
	uncoded, count := 0.0, int(20_000*t.scale)
	for _, name := range []string{"none", "gzip"} {
		coding := otlptracehttp.NoCompression
		if name == "gzip" {
			coding = otlptracehttp.GzipCompression
		}
		t.resetCounts()
		var took []float64
		exporter := timed{t.exporter(otlptracehttp.WithCompression(coding)), &sync.Mutex{}, &took}
		provider := t.provider(exporter, blocking)
		cpu, rate := flow(provider, count, varied)
		must(provider.Shutdown(context.Background()))
		t.expect(3*count + 1)
		counts := t.counts()
		size := counts["bytes"] / counts["spans"]
		if name == "none" {
			uncoded = size
		}
		t.add(name, "on the wire", size, "bytes/span")
		t.add(name, "traffic", 100*size/uncoded, "%")
		t.add(name, "CPU a span, all threads", cpu, "ns")
		t.add(name, "throughput", rate, "spans/s")
		t.addExports(name, took)
	}
}

// reconnecting makes an exporter, and with it a connection, for each export.
type reconnecting struct{ t trial }

func (e reconnecting) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	exporter := e.t.exporter()
	if err := exporter.ExportSpans(ctx, spans); err != nil {
		return err
	}
	return exporter.Shutdown(ctx)
}
func (e reconnecting) Shutdown(context.Context) error { return nil }

func connectionPair(t trial) {
	count := int(20_000 * t.scale)
	for _, each := range []struct {
		name     string
		exporter sdk.SpanExporter
	}{{"a connection for each export", reconnecting{t}}, {"one connection, kept", t.exporter()}} {
		t.resetCounts()
		var took []float64
		provider := t.provider(timed{each.exporter, &sync.Mutex{}, &took}, blocking)
		cpu, rate := flow(provider, count, w4)
		must(provider.Shutdown(context.Background()))
		t.expect(3*count + 1)
		t.addExports(each.name, took)
		t.add(each.name, "CPU a span, all threads", cpu, "ns")
		t.add(each.name, "throughput", rate, "spans/s")
	}
}

func sampling(t trial) {
	count := int(60_000 * t.scale)
	for _, ratio := range []float64{0, 0.01, 0.1, 0.5, 1} {
		name := strconv.FormatFloat(100*ratio, 'g', -1, 64) + " %"
		t.resetCounts()
		provider := t.pipeline(blocking, nil, sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(ratio))))
		tracer := provider.Tracer("bench")
		runtime.GC()
		before, start := cpuNanos(), peakMiB()
		for i := range count {
			w4(context.Background(), tracer, i)
		}
		must(provider.ForceFlush(context.Background()))
		t.add(name, "CPU a span, all threads", float64(cpuNanos()-before)/float64(count), "ns")
		t.add(name, "memory added", peakMiB()-start, "MiB")
		must(provider.Shutdown(context.Background()))
		t.add(name, "sampled", 100*t.counts()["spans"]/float64(count), "%")
	}
}

func queueSize(t trial) {
	for _, size := range []int{2000, 10_000} {
		for _, queue := range []int{512, 1024, 2048, 4096, 8192, 16384} {
			t.resetCounts()
			provider := t.pipeline([]sdk.BatchSpanProcessorOption{sdk.WithMaxQueueSize(queue)}, nil)
			parent, root := provider.Tracer("bench").Start(context.Background(), "root")
			tracer := provider.Tracer("bench")
			for range 5 {
				length := time.Duration(size) * time.Second / 100_000
				atRate(100_000, length, func(i int) { w4(parent, tracer, i) })
				must(provider.ForceFlush(context.Background()))
			}
			root.End()
			must(provider.Shutdown(context.Background()))
			lost := 100 * (1 - (t.counts()["spans"]-1)/float64(5*size))
			t.add(strconv.Itoa(queue), fmt.Sprintf("lost of bursts of %d", size), math.Max(0, lost), "%")
		}
	}
}

func threadCount(t trial) {
	count := int(60_000 * t.scale)
	for _, threads := range []int{1, 2, 4, 8} {
		t.resetCounts()
		provider := t.pipeline(blocking, nil)
		tracer := provider.Tracer("bench")
		var cpus, rates []float64
		for range 3 {
			before, start := cpuNanos(), time.Now()
			var group sync.WaitGroup
			for range threads {
				group.Go(func() {
					for i := range count / threads {
						w4(context.Background(), tracer, i)
					}
				})
			}
			group.Wait()
			must(provider.ForceFlush(context.Background()))
			made := float64(count / threads * threads)
			cpus = append(cpus, float64(cpuNanos()-before)/made)
			rates = append(rates, made/time.Since(start).Seconds())
		}
		must(provider.Shutdown(context.Background()))
		t.expect(3 * (count / threads * threads))
		name := strconv.Itoa(threads)
		t.add(name, "throughput, receiver on the same processors", median(rates), "spans/s")
		t.add(name, "per CPU-second", 1e9/median(cpus), "spans/s")
	}
}

func shares(t trial) {
	t.resetCounts()
	provider := t.pipeline(blocking, nil)
	file, err := os.Create(t.profile)
	must(err)
	must(pprof.StartCPUProfile(file))
	count, rounds := 20_000, 0
	var cpus []float64
	for start := time.Now(); time.Since(start) < time.Duration(4*t.scale*float64(time.Second)); rounds++ {
		cpu, _ := flow(provider, count, w4)
		cpus = append(cpus, cpu)
	}
	pprof.StopCPUProfile()
	must(file.Close())
	must(provider.Shutdown(context.Background()))
	t.expect(rounds * (3*count + 1))
	t.add("all", "CPU a span", median(cpus), "ns")
}

// histogram has 64 buckets for each power of two, as bench/histogram.h has.
type histogram struct {
	buckets [4096]int
	count   int
	long    int // of 10 us and more
	most    int64
}

func (h *histogram) add(nanos int64) {
	index := int(nanos)
	if nanos >= 64 {
		exponent := bits.Len64(uint64(nanos)) - 7
		index = (exponent+1)<<6 + int(nanos>>exponent) - 64
	}
	h.buckets[index]++
	h.count++
	if nanos >= 10_000 {
		h.long++
	}
	h.most = max(h.most, nanos)
}

func (h *histogram) at(share float64) float64 {
	seen := 0
	for index, count := range h.buckets {
		if seen += count; float64(seen) > share*float64(h.count) {
			if index < 64 {
				return float64(index)
			}
			return float64((64 + index&63) << (index>>6 - 1))
		}
	}
	return float64(h.most)
}

// stalls times each call by itself at 100,000 spans a second, as far as the SDK keeps up with that.
func stalls(t trial) {
	const rate = 100_000
	count := int(100_000 * t.scale)
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(error) {}))
	provider := t.provider(t.exporter(), nil)
	parent, root := provider.Tracer("bench").Start(context.Background(), "root")
	tracer := provider.Tracer("bench")
	var nothing, start, set, end histogram
	due := time.Now()
	for i := range count {
		for time.Now().Before(due) {
		}
		due = time.Now().Add(time.Second / rate)
		begun := time.Now()
		nothing.add(time.Since(begun).Nanoseconds())
		begun = time.Now()
		_, span := tracer.Start(parent, "GET /users", trace.WithSpanKind(trace.SpanKindServer))
		start.add(time.Since(begun).Nanoseconds())
		begun = time.Now()
		span.SetAttributes(attribute.String("order.id", text20[i&63]))
		set.add(time.Since(begun).Nanoseconds())
		begun = time.Now()
		span.End()
		end.add(time.Since(begun).Nanoseconds())
	}
	root.End()
	if err := provider.Shutdown(context.Background()); err != nil {
		log.Fatal(err)
	}
	for _, each := range []struct {
		name  string
		found *histogram
	}{{"two clock reads, nothing between", &nothing}, {"start_span", &start}, {"set", &set}, {"end", &end}} {
		for _, share := range []struct {
			label string
			value float64
		}{{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"p99.99", 0.9999}} {
			took := each.found.at(share.value)
			t.add("under load: "+each.name, share.label, took, "ns")
			if each.found != &nothing {
				t.add("under load: "+each.name, share.label+", without the machine's", math.Max(0, took-nothing.at(share.value)), "ns")
			}
		}
		t.add("under load: "+each.name, "over 10 us", 1e6*float64(each.found.long)/float64(each.found.count), "in a million")
		t.add("under load: "+each.name, "max", float64(each.found.most), "ns")
	}
}
