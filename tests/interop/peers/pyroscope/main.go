// A receiver of profiles with Pyroscope's own interface (the handler generated from its push.proto), which reads what it
// gets with Google's own pprof library.
//
// Prints its port, then for each profile a line of JSON. Runs until its standard input ends.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"

	"connectrpc.com/connect"
	"github.com/google/pprof/profile"
	pushv1 "github.com/grafana/pyroscope/api/gen/proto/go/push/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/push/v1/pushv1connect"
)

type seen struct {
	Labels    map[string]string `json:"labels"`
	ID        string            `json:"id"`
	Tenant    string            `json:"tenant"`
	Types     []string          `json:"types"`
	Functions []string          `json:"functions"`
	LabelKeys []string          `json:"label_keys"`
	Sum       []int64           `json:"sum"`
}

type receiver struct{}

func describe(raw []byte) (*seen, error) {
	parsed, err := profile.ParseData(raw)
	if err != nil {
		return nil, err
	}
	if err := parsed.CheckValid(); err != nil {
		return nil, err
	}
	s := &seen{Sum: make([]int64, len(parsed.SampleType))}
	for _, t := range parsed.SampleType {
		s.Types = append(s.Types, t.Type+"/"+t.Unit)
	}
	for _, f := range parsed.Function {
		s.Functions = append(s.Functions, f.Name)
	}
	keys := map[string]bool{}
	for _, sample := range parsed.Sample {
		for i, v := range sample.Value {
			s.Sum[i] += v
		}
		for k := range sample.Label {
			if !keys[k] {
				keys[k] = true
				s.LabelKeys = append(s.LabelKeys, k)
			}
		}
	}
	return s, nil
}

func (receiver) Push(_ context.Context, r *connect.Request[pushv1.PushRequest]) (*connect.Response[pushv1.PushResponse], error) {
	for _, series := range r.Msg.Series {
		for _, sample := range series.Samples {
			s, err := describe(sample.RawProfile)
			if err != nil {
				return nil, connect.NewError(connect.CodeInvalidArgument, err)
			}
			s.Labels = map[string]string{}
			for _, label := range series.Labels {
				s.Labels[label.Name] = label.Value
			}
			s.ID, s.Tenant = sample.ID, r.Header().Get("X-Scope-OrgID")
			line, _ := json.Marshal(s)
			fmt.Println(string(line))
		}
	}
	return connect.NewResponse(&pushv1.PushResponse{}), nil
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	mux := http.NewServeMux()
	mux.Handle(pushv1connect.NewPusherServiceHandler(receiver{}))
	go http.Serve(listener, mux)
	io.Copy(io.Discard, os.Stdin)
}
