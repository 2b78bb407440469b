"""The same requests through one processor in many settings, once in our gateway and once in the Collector. Import after
peers.enter_python()."""

import requests

from http_receiver import receiver
from ports import free_port


def configuration(processor, settings, kinds, port_of, sink):
    """A receiver, a processor and a destination of its own for each setting; `kinds` are "traces" and alike."""
    text = "receivers:\n"
    for n in range(len(settings)):
        text += f'  otlp/{n}: {{protocols: {{http: {{endpoint: "127.0.0.1:{port_of[n]}"}}}}}}\n'
    text += "processors:\n" + "".join(f"  {processor}/{n}: {{{setting}}}\n" for n, setting in enumerate(settings))
    text += "exporters:\n"
    for n in range(len(settings)):
        text += (
            f'  otlphttp/{n}: {{endpoint: "{sink}/{n}", compression: none, sending_queue: {{wait_for_result: true}}}}\n'
        )
    text += "service:\n  telemetry: {metrics: {level: none}}\n  pipelines:\n"
    for n in range(len(settings)):
        for kind in kinds:
            text += (
                f"    {kind}/{n}: {{receivers: [otlp/{n}], processors: [{processor}/{n}], exporters: [otlphttp/{n}]}}\n"
            )
    return text


def outcome(test, run, processor, settings, sent):
    """{(kind, setting): the bodies that came out} of `run`, Gateway or Collector; `sent` is a request for each kind."""
    received = {}
    with receiver(lambda path, _headers, body: received.setdefault(path, []).append(body)) as sink:
        ports = [free_port() for _ in settings]
        with run(configuration(processor, settings, sent, ports, sink)):
            for kind, request in sent.items():
                for n, port in enumerate(ports):
                    answer = requests.post(
                        f"http://127.0.0.1:{port}/v1/{kind}",
                        request.SerializeToString(),
                        headers={"Content-Type": "application/x-protobuf"},
                        timeout=30,
                    )
                    test.assertEqual(answer.status_code, 200, answer.text)
    return {
        (kind, setting): received.get(f"/{n}/v1/{kind}", []) for kind in sent for n, setting in enumerate(settings)
    }
