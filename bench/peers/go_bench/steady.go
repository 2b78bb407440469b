package main

// What a setting costs at a steady rate: the presets and the schedule delay; and the queue between threads, alone.

import (
	"context"
	"fmt"
	"log"
	"os"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/trace"
)

// steady makes spans of W4 at a rate after a second that is not counted, and adds what the receiver saw before the
// flush, which would hurry the last ones. A span that was lost is a fatal error.
func (t trial) steady(name string, options []sdk.BatchSpanProcessorOption, rate int, length time.Duration) counters {
	before := cpuNanos()
	atRate(rate, length/2, func(int) {})
	pacing := 2 * (cpuNanos() - before)
	provider := t.pipeline(options, nil)
	parent, root := provider.Tracer("bench").Start(context.Background(), "root")
	tracer := provider.Tracer("bench")
	made := 0
	each := func(i int) { w4(parent, tracer, i); made++ }
	atRate(rate, time.Second, each)
	must(provider.ForceFlush(context.Background()))
	t.resetCounts()
	made = 0
	before = cpuNanos()
	atRate(rate, length, each)
	cpu := float64(cpuNanos() - before - pacing)
	counts := t.counts()
	root.End()
	must(provider.Shutdown(context.Background()))
	t.expect(made + 1)
	if counts["spans"] == 0 {
		log.Fatalf("%s: no batch was due within the run", name)
	}
	t.add(name, "P50 End to received", counts["latency_ns_p50"]/1e6, "ms")
	t.add(name, "P99 End to received", counts["latency_ns_p99"]/1e6, "ms")
	t.add(name, "CPU", 100*cpu/float64(length.Nanoseconds()), "% of a core")
	return counts
}

type counters = map[string]float64

func batches(queue, batch int, delay time.Duration) []sdk.BatchSpanProcessorOption {
	return []sdk.BatchSpanProcessorOption{
		sdk.WithMaxQueueSize(queue), sdk.WithMaxExportBatchSize(batch), sdk.WithBatchTimeout(delay)}
}

// forgetPeak lets VmHWM begin anew, from as little as the process can hold.
func forgetPeak() {
	debug.FreeOSMemory()
	must(os.WriteFile("/proc/self/clear_refs", []byte("5"), 0o200))
}

// presets are ours, which the Go SDK does not have by name: the same three numbers.
func presets(t trial) {
	for _, preset := range []struct {
		name    string
		options []sdk.BatchSpanProcessorOption
	}{
		{"default", batches(2048, 512, 5*time.Second)},
		{"low_latency", batches(1024, 128, 2*time.Millisecond)},
		{"high_throughput", batches(8192, 2048, 10*time.Second)},
		{"low_memory", batches(512, 128, time.Second)},
	} {
		forgetPeak()
		t.steady(preset.name, preset.options, 10_000, time.Duration(3*t.scale*float64(time.Second)))
		t.add(preset.name, "highest memory of the process", peakMiB(), "MiB")
	}
}

func scheduleDelay(t trial) {
	for _, delay := range []time.Duration{2 * time.Millisecond, 100 * time.Millisecond, time.Second, 5 * time.Second} {
		length := max(2*time.Second, delay*22/10)
		name := strconv.FormatInt(delay.Milliseconds(), 10) + " ms"
		counts := t.steady(name, batches(2048, 512, delay), 100, length)
		t.add(name, "exports", counts["requests"]/length.Seconds(), "/s")
	}
}

// counting takes what is exported and sends nothing.
type counting struct{ spans *atomic.Int64 }

func (e counting) ExportSpans(_ context.Context, spans []sdk.ReadOnlySpan) error {
	e.spans.Add(int64(len(spans)))
	return nil
}
func (e counting) Shutdown(context.Context) error { return nil }

// noQueue takes part in every end and does nothing.
type noQueue struct{}

func (noQueue) OnStart(context.Context, sdk.ReadWriteSpan) {}
func (noQueue) OnEnd(sdk.ReadOnlySpan)                     {}
func (noQueue) Shutdown(context.Context) error             { return nil }
func (noQueue) ForceFlush(context.Context) error           { return nil }

// queuePair: the SDK's queue is a channel that all threads share; those who find it full wait.
func queuePair(t trial) {
	count := int(50_000 * t.scale)
	for _, threads := range []int{1, 2, 4} {
		suffix := fmt.Sprintf(", %d threads", threads)
		if threads == 1 {
			suffix = ", 1 thread"
		}
		for _, each := range []struct {
			name  string
			queue bool
		}{{"a processor without queue", false}, {"the SDK's own queue, a channel", true}} {
			var exported atomic.Int64
			processor := sdk.SpanProcessor(noQueue{})
			if each.queue {
				processor = sdk.NewBatchSpanProcessor(counting{&exported}, blocking...)
			}
			provider := sdk.NewTracerProvider(sdk.WithSpanProcessor(processor))
			tracer := provider.Tracer("bench")
			var cpus, rates []float64
			for range 3 {
				before, start := cpuNanos(), time.Now()
				var group sync.WaitGroup
				for range threads {
					group.Go(func() {
						for i := range count {
							w4(context.Background(), tracer, i)
						}
					})
				}
				group.Wait()
				must(provider.ForceFlush(context.Background()))
				made := float64(count * threads)
				cpus = append(cpus, float64(cpuNanos()-before)/made)
				rates = append(rates, made/time.Since(start).Seconds())
			}
			must(provider.Shutdown(context.Background()))
			if each.queue && exported.Load() != int64(3*count*threads) {
				log.Fatalf("%d spans came out of the queue, of %d", exported.Load(), 3*count*threads)
			}
			t.add(each.name+suffix, "CPU a span, all threads", median(cpus), "ns")
			t.add(each.name+suffix, "throughput", median(rates), "spans/s")
		}
	}
}
