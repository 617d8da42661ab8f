import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { RequestHistogram } from './request_histogram.ts'

it('shows what the library’s own histogram would: cumulative buckets, a bound included, sum and count', async () => {
  const registry = new Registry()
  const histogram = new RequestHistogram('seconds', 'Help', [0.1, 1], registry)
  const answered = histogram.route('GET', '/x')
  for (const seconds of [0.05, 0.1, 0.5, 2]) answered(200, seconds)
  answered(404, 0.5)
  expect(await registry.metrics()).toBe(`# HELP seconds Help
# TYPE seconds histogram
seconds_bucket{le="0.1",method="GET",route="/x",status="2xx"} 2
seconds_bucket{le="1",method="GET",route="/x",status="2xx"} 3
seconds_bucket{le="+Inf",method="GET",route="/x",status="2xx"} 4
seconds_sum{method="GET",route="/x",status="2xx"} 2.65
seconds_count{method="GET",route="/x",status="2xx"} 4
seconds_bucket{le="0.1",method="GET",route="/x",status="4xx"} 0
seconds_bucket{le="1",method="GET",route="/x",status="4xx"} 1
seconds_bucket{le="+Inf",method="GET",route="/x",status="4xx"} 1
seconds_sum{method="GET",route="/x",status="4xx"} 0.5
seconds_count{method="GET",route="/x",status="4xx"} 1
`)
})

it('is for workers as it is as text: what one process sends another has every label', async () => {
  const registry = new Registry()
  new RequestHistogram('seconds', 'Help', [1], registry).route('GET', '/x')(200, 0.5)
  expect(await registry.getMetricsAsJSON()).toMatchObject([
    {
      name: 'seconds',
      type: 'histogram',
      values: [
        { metricName: 'seconds_bucket', labels: { le: 1, method: 'GET', route: '/x', status: '2xx' }, value: 1 },
        { metricName: 'seconds_bucket', labels: { le: '+Inf', method: 'GET', route: '/x', status: '2xx' }, value: 1 },
        { metricName: 'seconds_sum', labels: { method: 'GET', route: '/x', status: '2xx' }, value: 0.5 },
        { metricName: 'seconds_count', labels: { method: 'GET', route: '/x', status: '2xx' }, value: 1 },
      ],
    },
  ])
})
