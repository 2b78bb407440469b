"""A thousand services and five gateways, of which one is killed and one more is added while it runs.

Each service has its own resource and its own connection to each gateway, and takes them in turn. A gateway answers when
the backend has the spans (wait_for_result), so that what was acknowledged cannot be lost with it; and each single span
is looked for at the end.
"""

import signal

from stage import BUILD, Report, Stage, resident_peak_mb

from ports import free_port  # noqa: E402, as stage finds it

TITLE = "1000 services, 5 gateways by round robin, one killed, one added; every acknowledged span looked for"
TARGETS = ["nanospan", "cluster_load"]
GATEWAYS = 5


def spread(seconds, names, begin, end):
    """(most - fewest) / mean of what each acknowledged in these seconds, in percent."""
    sums = [sum(seconds.get(name, [])[begin:end]) for name in names]
    return (max(sums) - min(sums)) / (sum(sums) / len(sums)) * 100 if sum(sums) else 100.0


def run(quick):
    third = 7 if quick else 12
    report = Report("cluster", TITLE)
    with Stage("cluster") as stage:
        sink = free_port()
        exporter = (
            f"otlp_http: {{endpoint: http://127.0.0.1:{sink}, compression: none, "
            "sending_queue: {wait_for_result: true}, retry_on_failure: {initial_interval: 50ms}}"
        )
        gateways = [stage.gateway(f"gateway-{i + 1}", exporter) for i in range(GATEWAYS)]
        listed = stage.folder / "gateways.txt"

        def name(gateway):
            return f"127.0.0.1:{gateway.port}"

        def tell(members):
            listed.with_suffix(".new").write_text("".join(f"{name(member)}\n" for member in members))
            listed.with_suffix(".new").rename(listed)

        tell(gateways)
        left, killed, added = gateways[:2] + gateways[3:], gateways[2], []

        def add_one():
            added.append(stage.gateway("gateway-6", exporter))
            tell(left + added)

        # A resolver hears of it a second later; until then a fifth of the requests goes to nobody.
        actions = [
            stage.later(third, lambda: killed.program.send_signal(signal.SIGKILL)),
            stage.later(third + 1, lambda: tell(left)),
            stage.later(2 * third, add_one),
        ]
        (load,) = stage.json_of(
            "load", BUILD / "bench/cluster_load", "--endpoints", listed, "--sink-port", sink, "--instances", 1000,
            "--rate", 1, "--spans", 20, "--seconds", 3 * third,
        )  # fmt: skip
        for action in actions:
            action.done()

        seconds = load["acknowledged_each_second"]
        report.check("spans sent", load["spans_sent"], ">=", 1000 * 20 * (3 * third - 1))
        report.check("acknowledged spans lost", load["spans_lost"], "=", 0, note=f"of {load['spans_acknowledged']:,}")
        report.check("spans that nobody acknowledged", load["spans_given_up"], "=", 0)
        report.figure("spans that arrived twice", load["spans_duplicated"], note="sent again after the kill")
        report.figure("requests sent again", load["tries_again"])
        report.figure("acknowledgement P50", load["ack_p50_ms"], "ms")
        report.figure("acknowledgement P99", load["ack_p99_ms"], "ms")
        for what, members, begin in (
            ("five gateways", gateways, 1),
            ("four, one was killed", left, third + 2),
            ("five, one is new", left + added, 2 * third + 1),
        ):
            names = [name(member) for member in members]
            # Whole turns of the round robin: an instance sends one request a second.
            end = begin + (third - 2) // len(names) * len(names)
            report.check(f"spread of load, {what}", spread(seconds, names, begin, end), "<=", 10, "%")
        for gateway in gateways + added:
            spans = sum(seconds.get(name(gateway), []))
            memory = f"{resident_peak_mb(gateway.program):.1f} MB" if gateway is not killed else "killed"
            report.figure(f"acknowledged by {gateway.program.name}", spans, "spans", memory)
        return report.finish(stage.folder)
