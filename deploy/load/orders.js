// k6 load test of the orders service or the shop in front of it:
//
//   k6 run deploy/load/orders.js
//   k6 run -e BASE_URL=http://shop.example:8080 -e STAGES=30s:50,2m:200,30s:0 deploy/load/orders.js
//
// Up to 100 users within a minute, five minutes of them, and down again. Each user looks at the list and, now and then,
// orders something and looks at that order. `nanospan load http` has the same stages (docs/load.md).
import http from 'k6/http';
import { check } from 'k6';

const base = __ENV.BASE_URL || 'http://localhost:8080';
const stages = __ENV.STAGES || '1m:100,5m:100,1m:0';
const orderShare = Number(__ENV.ORDER_SHARE || 0.1);

export const options = {
  stages: stages.split(',').map((stage) => {
    const [duration, target] = stage.split(':');
    return { duration, target: Number(target) };
  }),
  thresholds: {
    http_req_duration: ['p(99)<100'],
    checks: ['rate>0.99'],
  },
};

const order = JSON.stringify({
  customer: 'ann',
  items: [{ sku: 'TEA-1', quantity: 2, unit_price_cents: 450 }],
});

export default function () {
  const list = http.get(`${base}/api/orders`);
  check(list, {
    'status is 200': (r) => r.status === 200,
    'response time < 100ms': (r) => r.timings.duration < 100,
  });
  if (Math.random() >= orderShare) return;

  const placed = http.post(`${base}/api/orders`, order, { headers: { 'Content-Type': 'application/json' } });
  // 502: the bank refuses one order in a hundred.
  check(placed, { 'order is taken or refused': (r) => r.status === 201 || r.status === 502 });
  if (placed.status !== 201) return;
  const found = http.get(`${base}${placed.headers.Location}`, { tags: { name: '/api/orders/{id}' } });
  check(found, { 'the order is there': (r) => r.status === 200 && r.json('status') === 'paid' });
}
