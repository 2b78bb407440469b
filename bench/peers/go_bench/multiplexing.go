package main

// One connection or many to a receiver that is 5 ms away, HTTP/1.1 or gRPC. The SDK's batch processor has one export under
// way at a time; here its exporters are called by as many at once as there are to be, which is kinder than its pipeline.

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	sdk "go.opentelemetry.io/otel/sdk/trace"
)

const spansARequest = 128

// capture keeps the first whole batch.
type capture struct{ kept *[]sdk.ReadOnlySpan }

func (e capture) ExportSpans(_ context.Context, spans []sdk.ReadOnlySpan) error {
	if *e.kept == nil && len(spans) == spansARequest {
		*e.kept = slices.Clone(spans)
	}
	return nil
}
func (e capture) Shutdown(context.Context) error { return nil }

func (t trial) realBatch() []sdk.ReadOnlySpan {
	var kept []sdk.ReadOnlySpan
	provider := t.provider(capture{&kept}, append(slices.Clone(blocking), sdk.WithMaxExportBatchSize(spansARequest)))
	for i := range 2 * spansARequest {
		w4(context.Background(), provider.Tracer("bench"), i)
	}
	must(provider.Shutdown(context.Background()))
	return kept
}

func (t trial) grpcExporter() sdk.SpanExporter {
	exporter, err := otlptracegrpc.New(context.Background(),
		otlptracegrpc.WithEndpoint(t.endpoint), otlptracegrpc.WithInsecure())
	must(err)
	return exporter
}

// closedLoop keeps so many requests under way: each in ms, and the CPU of all.
func closedLoop(exporter sdk.SpanExporter, batch []sdk.ReadOnlySpan, underWay int, length time.Duration) ([]float64, int64) {
	var mutex sync.Mutex
	var took []float64
	before, until := cpuNanos(), time.Now().Add(length)
	var group sync.WaitGroup
	for range underWay {
		group.Go(func() {
			var mine []float64
			for time.Now().Before(until) {
				start := time.Now()
				must(exporter.ExportSpans(context.Background(), batch))
				mine = append(mine, time.Since(start).Seconds()*1e3)
			}
			mutex.Lock()
			took = append(took, mine...)
			mutex.Unlock()
		})
	}
	group.Wait()
	return took, cpuNanos() - before
}

func multiplexing(t trial) {
	length := time.Duration(1.5 * t.scale * float64(time.Second))
	batch := t.realBatch()
	for _, each := range []struct {
		name     string
		exporter sdk.SpanExporter
		underWay int
	}{
		{"HTTP/1.1, 1 connection", t.exporter(), 1},
		{"HTTP/1.1, 100 connections", t.exporter(), 100},
		{"HTTP/2, 1 connection, 1 stream", t.grpcExporter(), 1},
		{"HTTP/2, 1 connection, 100 streams", t.grpcExporter(), 100},
	} {
		t.resetCounts()
		warm, _ := closedLoop(each.exporter, batch, each.underWay, 200*time.Millisecond) // connections are open
		start := time.Now()
		took, cpu := closedLoop(each.exporter, batch, each.underWay, length)
		seconds := time.Since(start).Seconds()
		must(each.exporter.Shutdown(context.Background()))
		t.expect(spansARequest * (len(warm) + len(took)))
		slices.Sort(took)
		t.add(each.name, "requests", float64(len(took))/seconds, "/s")
		t.add(each.name, "spans", float64(spansARequest*len(took))/seconds, "spans/s")
		t.add(each.name, "P50 of a request", took[len(took)/2], "ms")
		t.add(each.name, "P99 of a request", took[len(took)*99/100], "ms")
		t.add(each.name, "CPU of the sender, a request", float64(cpu)/1e3/float64(len(took)), "us")
	}
}
