/** A small linter: each rule says why. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { python } from '../conformance/clients.fixture.ts'
import { serverLimits } from '../packages/server/src/limits.ts'
import {
  items,
  knownSettings,
  leaf,
  readServeConfig,
  readText,
  readTree,
  secretSettings,
  settingsIn,
} from './configuration.fixture.ts'

const folder = 'deploy/kubernetes'
const read = (name: string) => readTree(`${folder}/${name}`)
const deployment = read('deployment.yaml')
const pod = deployment.spec?.template?.spec
const container = items(pod?.containers)[0]
const labels = deployment.spec?.template?.metadata?.labels

it('the kustomization applies every manifest but the example of a secret', () => {
  const files = readdirSync(folder).filter((name) => !['kustomization.yaml', 'secret.example.yaml'].includes(name))
  expect(items(read('kustomization.yaml').resources).map(String).sort()).toEqual(files.sort())
  for (const file of files)
    expect(read(file)).toMatchObject({ apiVersion: expect.any(String), kind: expect.any(String) })
})

it('the image has a version: what is deployed tomorrow is what was tested today', () => {
  const { version } = JSON.parse(readText('packages/cli/package.json')) as { readonly version: string }
  expect(leaf(container?.image)).toBe(`countersign:${version}`)
  expect(leaf(read('kustomization.yaml').images)).toEqual([{ name: 'countersign', newTag: version }])
})

it('the pod is what the restricted standard asks: no root, no privileges, nothing written outside its volumes', () => {
  expect(read('namespace.yaml').metadata?.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' })
  expect(pod?.securityContext).toMatchObject({
    runAsNonRoot: true,
    runAsUser: 1000,
    seccompProfile: { type: 'RuntimeDefault' },
  })
  expect(container?.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  })
  expect(leaf(pod?.automountServiceAccountToken)).toBe(false)
  for (const name of ['hostNetwork', 'hostPID', 'hostIPC']) expect(leaf(pod?.[name])).toBeUndefined()
})

it('alive asks the process alone, ready what it needs: a database that is gone restarts nobody', () => {
  const routes = readText('packages/server/src/mount.ts')
  for (const [probe, path] of [
    ['startupProbe', '/healthz'],
    ['livenessProbe', '/healthz'],
    ['readinessProbe', '/readyz'],
  ] as const) {
    expect(container?.[probe]?.httpGet, probe).toEqual({ path, port: 'http' })
    expect(routes).toContain(`at('GET', '${path}'`)
  }
  // A second is what `/readyz` may take to prove that the book is fresh.
  expect(Number(container?.readinessProbe?.timeoutSeconds)).toBeGreaterThan(serverLimits.refreshMs / 1000)
})

it('the pod is given preStop and drain before it is killed, and an upgrade never has less than all', () => {
  const preStop = Number(container?.lifecycle?.preStop?.sleep?.seconds)
  expect(Number(pod?.terminationGracePeriodSeconds)).toBeGreaterThan(preStop + serverLimits.drainMs / 1000)
  expect(deployment.spec?.strategy?.rollingUpdate).toEqual({ maxSurge: 1, maxUnavailable: 0 })
  expect(Number(deployment.spec?.replicas)).toBeGreaterThan(1)
  expect(leaf(read('pod_disruption_budget.yaml').spec?.maxUnavailable)).toBe(1)
})

it('memory is limited, and what is needed is asked for; CPU is not cut, which would look like a slow server', () => {
  expect(container?.resources).toMatchObject({
    requests: { cpu: expect.any(String), memory: expect.any(String) },
    limits: { memory: expect.any(String) },
  })
  expect(leaf(container?.resources?.limits?.cpu)).toBeUndefined()
})

it('every selector finds the pods, every port is the one that is listened on', () => {
  const policy = read('network_policy.yaml').spec
  const selectors = [
    deployment.spec?.selector?.matchLabels,
    read('service.yaml').spec?.selector,
    read('pod_disruption_budget.yaml').spec?.selector?.matchLabels,
    policy?.podSelector?.matchLabels,
  ]
  for (const selector of selectors) expect(selector).toEqual(labels)
  const listen = read('config_map.yaml').data?.COUNTERSIGN_LISTEN
  expect(leaf(listen)).toBe(`0.0.0.0:${leaf(items(container?.ports)[0]?.containerPort)}`)
  expect(items(container?.ports)[0]).toMatchObject({
    name: leaf(items(read('service.yaml').spec?.ports)[0]?.targetPort),
  })
  expect(leaf(items(items(policy?.ingress)[0]?.ports)[0]?.port)).toBe(leaf(items(container?.ports)[0]?.containerPort))
})

it('secrets are files of one Secret, none is in an environment or in the repository', () => {
  const keys = Object.entries(read('secret.example.yaml').stringData ?? {})
  for (const [, value] of keys) expect(leaf(value)).toBe('')
  const mount = items(container?.volumeMounts)[0]
  for (const { name, value } of items(container?.env)) {
    expect(String(name)).toMatch(/_FILE$/)
    expect(keys.map(([key]) => `${leaf(mount?.mountPath)}/${key}`)).toContain(leaf(value))
  }
  const all = readdirSync(folder)
    .map((name) => readText(`${folder}/${name}`))
    .join('\n')
  expect(settingsIn(all)).toEqual(expect.not.arrayContaining(secretSettings))
})

it('nothing is set that is no setting: serve would refuse to start', () => {
  for (const name of readdirSync(folder))
    for (const setting of settingsIn(readText(`${folder}/${name}`))) expect(knownSettings(), name).toContain(setting)
  expect(leaf(pod?.enableServiceLinks)).toBe(false)
})

it('serve would start with what the pod is given', () => {
  const files = items(container?.env).map(({ name, value }) => [String(name), leaf(value)] as const)
  const config = readServeConfig({ ...read('config_map.yaml').data, ...Object.fromEntries(files) })
  expect(config).toMatchObject({ url: 'https://auth.example.com', listen: { host: '0.0.0.0', port: 4800 } })
  expect(config.database).toMatch(/^postgres:/)
})

const validator = join(dirname(python), 'kubernetes-validate')
const isLeftOut = !existsSync(validator) && process.env.CI !== 'true'
if (isLeftOut)
  process.stderr.write('deploy/kubernetes.test.ts: no schemas: CLIENTS_PYTHON has not what .ci/kubernetes.txt lists\n')

it.skipIf(isLeftOut)(
  'each manifest is what the schemas of Kubernetes 1.30 and of the newest allow, and no member is unknown',
  () => {
    // A kustomization is read by kubectl itself, and has no schema there.
    const files = readdirSync(folder).filter((name) => name !== 'kustomization.yaml')
    for (const version of ['1.30', '1.37']) {
      const flags = ['--kubernetes-version', version, '--strict', ...files.map((name) => join(folder, name))]
      const { status, stdout, stderr } = spawnSync(validator, flags, { encoding: 'utf8' })
      expect(status, stdout + stderr).toBe(0)
      expect((stdout + stderr).match(/ passed /g)).toHaveLength(files.length)
    }
  },
)
