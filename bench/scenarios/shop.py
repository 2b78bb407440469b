"""The shop of docs/shop.md: four processes, a hundred users, every span accounted for, one trace drawn."""

import json
import subprocess

from stage import BUILD, Report, Stage

TITLE = "front, inventory, orders and payment, 100 users, everything sampled"
TARGETS = ["nanospan", "orders", "shop"]
ORDER = '{"customer":"ann","items":[{"sku":"TEA-1","quantity":2,"unit_price_cents":450}]}'
# As deploy/load/orders.js: a user looks at the list, and one in ten orders something and looks at it.
MIX = (*["GET /api/orders"] * 10, f"POST /api/orders {ORDER}", "GET /api/orders/1")
SERVICES = ("front", "inventory", "orders", "payment")


def services_of_traces(file):
    """{trace id: names of its services}"""
    found = {}
    with open(file, encoding="utf-8") as lines:
        for line in lines:
            for resource in json.loads(line)["resourceSpans"]:
                attributes = {a["key"]: a["value"].get("stringValue") for a in resource["resource"]["attributes"]}
                for scope in resource["scopeSpans"]:
                    for span in scope["spans"]:
                        found.setdefault(span["traceId"], set()).add(attributes["service.name"])
    return found


def run(quick):
    report = Report("shop", TITLE)
    with Stage("shop") as stage:
        gateway = stage.gateway("gateway", "file: {path: traces.jsonl}")

        def start(name, *command):
            program = stage.start(name, *command, "--port", "0", "--endpoint", gateway.url)
            return program, stage.wait_for_log(program, r"listening on (http://[^ ,]+)")[1]

        shop = BUILD / "examples/shop/shop"
        payment, payment_url = start("payment", shop, "payment")
        orders, orders_url = start("orders", BUILD / "examples/orders/orders", "--payment-url", payment_url)
        inventory, inventory_url = start("inventory", shop, "inventory")
        front, url = start("front", shop, "front", "--inventory-url", inventory_url, "--orders-url", orders_url)
        ramp, hold = ("1s", "2s") if quick else ("5s", "20s")
        (load,) = stage.json_of(
            "load", BUILD / "nanospan", "load", "http", "--json", "--url", url, "--threshold", "errors<=100%",
            "--stage", f"{ramp}:100", "--stage", f"{hold}:100", "--stage", f"{ramp}:0",
            *(word for request in MIX for word in ("--request", request)), show_log=True,
        )  # fmt: skip
        # Those who ask go first: a server waits for its open connections.
        accounts = [stage.stop_json(program) for program in (front, orders, inventory, payment)]
        received = int(gateway.metric("otelcol_receiver_accepted_spans"))
        stage.stop(gateway.program)

        ended = sum(account["spans_ended"] for account in accounts)
        report.figure("requests/s at the front", load["requests_per_second"], "/s")
        report.figure("P50 of a request", load["p50_ms"], "ms")
        report.check("P99 of a request (seed 9.2)", load["p99_ms"], "<", 100, "ms")
        report.check("requests without an answer", load["failed"], "=", 0)
        others = sum(count for kind, count in load["errors"].items() if kind != "http 502")
        report.check("errors other than the bank's refusals", others, "=", 0)
        report.figure("orders that the bank refused", load["errors"].get("http 502", 0))
        report.figure("spans ended in four processes", ended)
        report.check("spans lost", ended - received, "=", 0)
        traces = services_of_traces(stage.folder / "traces.jsonl")
        whole = [trace for trace, names in traces.items() if names == set(SERVICES)]
        paid = accounts[3]["requests"]
        note = f"payment was asked {paid:,} times"
        report.check("traces through all four processes", len(whole), "=", paid, note=note)
        drawn = subprocess.run(
            [BUILD / "nanospan", "tree", "traces.jsonl", "--trace", whole[-1]],
            cwd=stage.folder, capture_output=True, text=True, check=True,
        )  # fmt: skip
        print(f"\n{drawn.stdout}")
        return report.finish(stage.folder)
