import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { parse, parseAllDocuments } from 'yaml'
import packageJson from '../../package.json' with { type: 'json' }
import { VARIABLES } from '../../runtime/variables.ts'
import { argumentsOf, stagesOf } from '../support/dockerfile.ts'
import { commands, page } from '../support/docs.ts'
import { fetch } from '../support/fetch.ts'
import { ROOT, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const FOLDER = 'deploy/kubernetes'
const OVERLAYS = ['dev', 'staging', 'prod'] as const
const PARTS = ['base', 'components/replicas', ...OVERLAYS.map((name) => `overlays/${name}`)]

// biome-ignore lint/suspicious/noExplicitAny: manifests have as many shapes as Kubernetes has kinds
type Manifest = any

interface Kustomization {
  readonly namespace?: string
  readonly resources?: readonly string[]
  readonly components?: readonly string[]
  readonly configMapGenerator?: readonly { readonly name: string; readonly literals: readonly string[] }[]
  readonly images?: readonly { readonly name: string; readonly newName?: string; readonly newTag: string }[]
  readonly patches?: readonly {
    readonly path?: string
    readonly target?: { readonly kind: string; readonly name: string }
  }[]
}

const kustomization = (part: string): Kustomization => parse(page(`${FOLDER}/${part}/kustomization.yaml`))
const manifests = (path: string): readonly Manifest[] =>
  parseAllDocuments(page(`${FOLDER}/${path}`)).map((document) => document.toJS() as Manifest)

/** What a part says of one object: the whole of it in the base, a patch elsewhere. */
const object = (part: string, kind: string, name?: string): Manifest =>
  readdirSync(join(ROOT, FOLDER, part))
    .filter((file) => file !== 'kustomization.yaml')
    .flatMap((file) => manifests(`${part}/${file}`))
    .find((one) => one.kind === kind && (name === undefined || one.metadata.name === name))

const literals = (part: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    kustomization(part).configMapGenerator!.flatMap((map) =>
      map.literals.map((line) => [line.split('=')[0]!, line.slice(line.indexOf('=') + 1)]),
    ),
  )

const deployment = object('base', 'Deployment')
const pod = deployment.spec.template.spec
const [container] = pod.containers
const labels = deployment.spec.template.metadata.labels
const image = stagesOf('Dockerfile').at(-1)!
const [port] = argumentsOf(image, 'EXPOSE').map(Number)
const variables = VARIABLES.flatMap(({ variables }) => variables)

describe('the kustomizations', () => {
  test.each(PARTS)('%s names every file that lies beside it, and only what is there', (part) => {
    const { resources = [], components = [], patches = [] } = kustomization(part)
    const named = [...resources, ...components, ...patches.flatMap(({ path }) => path ?? [])]
    expect(named.filter((path) => !existsSync(join(ROOT, FOLDER, part, path)))).toEqual([])
    const files = readdirSync(join(ROOT, FOLDER, part)).filter((file) => file !== 'kustomization.yaml')
    expect(files.filter((file) => !named.includes(file))).toEqual([])
  })

  test.each(PARTS.slice(1))('%s patches what the base has', (part) => {
    const patched = (kustomization(part).patches ?? []).flatMap(({ path, target }) =>
      path === undefined
        ? [target!]
        : manifests(`${part}/${path}`).map(({ kind, metadata }) => ({ kind, name: metadata.name })),
    )
    expect(patched.length).toBeGreaterThan(0)
    for (const { kind, name } of patched)
      expect([kind, name, typeof object('base', kind, name)]).toEqual([kind, name, 'object'])
  })

  test.each(OVERLAYS)('%s has a namespace of its own that admits restricted pods only', (name) => {
    const { namespace } = kustomization(`overlays/${name}`)
    expect(namespace).toBe(`neam-${name}`)
    expect(object(`overlays/${name}`, 'Namespace').metadata).toMatchObject({
      name: namespace,
      labels: { 'pod-security.kubernetes.io/enforce': 'restricted' },
    })
  })

  test('what is deployed is a version, and what is tried on a desk the latest build', () => {
    const [name] = container.image.split(':')
    for (const overlay of OVERLAYS) {
      expect(kustomization(`overlays/${overlay}`).images).toEqual([
        overlay === 'dev'
          ? { name, newTag: 'latest' }
          : { name, newName: `registry.example.com/${name}`, newTag: packageJson.version },
      ])
    }
  })

  test('set only variables that the programs read', () => {
    const told = variables.map(({ name }) => name)
    for (const part of ['base', ...OVERLAYS.map((name) => `overlays/${name}`)])
      expect(Object.keys(literals(part)).filter((name) => !told.includes(name))).toEqual([])
  })
})

describe('the pod', () => {
  test('may do what the profile "restricted" lets it: no root, no capability, nothing written but volumes', () => {
    const [user, group] = argumentsOf(image, 'USER')[0]!.split(':').map(Number)
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: user,
      runAsGroup: group,
      fsGroup: group,
      seccompProfile: { type: 'RuntimeDefault' },
    })
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    expect(pod).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false })
  })

  test('mounts the volumes of the image, a place for temporary files and the keys, each from what is there', () => {
    const kept = JSON.parse(argumentsOf(image, 'VOLUME')[0]!) as string[]
    const mounted: readonly string[] = container.volumeMounts.map((mount: Manifest) => mount.mountPath)
    expect(mounted.toSorted()).toEqual([...kept, '/tmp', literals('base').NEAM_SECRETS_DIR!].toSorted())
    for (const { name } of container.volumeMounts) {
      const claim = pod.volumes.find((volume: Manifest) => volume.name === name).persistentVolumeClaim
      if (claim) expect(object('base', 'PersistentVolumeClaim', claim.claimName)).toBeDefined()
    }
  })

  test('gives secrets as files that are named as their variables', () => {
    const { secret } = pod.volumes.find((volume: Manifest) => volume.name === 'keys')
    const secrets = variables.filter(({ takes }) => typeof takes === 'string' && /\bsecrets?\b/.test(takes))
    expect(secret.items.map((item: Manifest) => item.path).toSorted()).toEqual(
      secrets
        .filter(({ readBy }) => readBy.includes('neam-api'))
        .map(({ name }) => name)
        .toSorted(),
    )
    expect(JSON.stringify(deployment)).not.toContain('secretKeyRef')
  })

  test('is killed after it has left its services, drained, and answered what was cut off', () => {
    const drain = Number(container.args[container.args.indexOf('--drain-seconds') + 1])
    const before = Number(container.lifecycle.preStop.exec.command[1])
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(before + drain + 2)
  })

  test('is given by the readiness probe the time that asking providers may take, and is never left without one', () => {
    expect(container.readinessProbe.timeoutSeconds).toBeGreaterThan(3)
    for (const probe of [container.livenessProbe, container.readinessProbe])
      expect(probe.httpGet.port).toBe(port)
  })

  test('started as it says, with keys of files, is alive and ready, and opens to its key alone', async () => {
    const home = temporaryDirectory()
    const secrets = join(home, 'secrets')
    mkdirSync(secrets)
    writeFileSync(join(secrets, 'NEAM_API_KEY'), 'a-key-for-the-kubernetes-tests')
    const args = container.args
      .with(container.args.indexOf('--port') + 1, '0')
      .map((argument: string) => argument.replace('/home/neam/agents', join(ROOT, 'examples/container')))
    const env = {
      ...literals('base'),
      ...literals('overlays/prod'),
      NEAM_SECRETS_DIR: secrets,
      NEAM_OFFLINE: '1',
    }
    const server = await startServer(
      'bin/neam-api.js',
      args,
      { ...env, NEAM_SESSIONS_DIR: join(home, 'sessions') },
      home,
    )
    const status = async (path: string, headers = {}) => (await fetch(server.url + path, { headers })).status
    expect(await status(container.livenessProbe.httpGet.path)).toBe(200)
    expect(await status(container.readinessProbe.httpGet.path)).toBe(200)
    expect(await status('/api/v1/claw')).toBe(401)
    expect(await status('/api/v1/claw', { authorization: 'Bearer a-key-for-the-kubernetes-tests' })).toBe(200)
    expect(await server.stop()).toBe(0)
  }, 40_000)
})

describe('the way to the pod', () => {
  const service = object('base', 'Service')

  test('leads from the ingress by the service to its port', () => {
    expect(container.ports.map((one: Manifest) => one.containerPort)).toEqual([port])
    expect(service.spec.selector).toEqual(labels)
    expect(service.spec.ports.map((one: Manifest) => one.targetPort)).toEqual([port])
    for (const part of ['base', 'overlays/staging']) {
      const { rules, tls } = object(part, 'Ingress').spec
      expect(rules.map((rule: Manifest) => rule.host)).toEqual(tls[0].hosts)
      expect(rules[0].http.paths[0].backend.service).toEqual({
        name: service.metadata.name,
        port: { number: service.spec.ports[0].port },
      })
    }
  })

  test('is open in the network policy, which closes the rest', () => {
    const { spec } = object('base', 'NetworkPolicy')
    expect(spec.podSelector.matchLabels).toEqual(labels)
    expect(spec.policyTypes).toEqual(['Ingress', 'Egress'])
    expect(spec.ingress.flatMap((rule: Manifest) => rule.ports.map((one: Manifest) => one.port))).toEqual([
      port,
    ])
    const internet = spec.egress.at(-1)!.to[0].ipBlock
    expect(internet.except).toContain('169.254.0.0/16')
  })
})

describe('the number of pods', () => {
  const CLAIMS = ['neam-sessions-pvc', 'neam-workspace-pvc']

  test('is one where one node mounts the volumes, and the old one goes first', () => {
    expect([deployment.spec.replicas, deployment.spec.strategy.type]).toEqual([1, 'Recreate'])
    for (const name of CLAIMS)
      expect(object('base', 'PersistentVolumeClaim', name).spec.accessModes).toEqual(['ReadWriteOnce'])
    expect(kustomization('overlays/dev').components).toBeUndefined()
  })

  test('is more only where many nodes mount them', () => {
    const part = 'components/replicas'
    for (const name of CLAIMS)
      expect(object(part, 'PersistentVolumeClaim', name).spec.accessModes).toEqual(['ReadWriteMany'])
    const { spec } = object(part, 'Deployment')
    expect(spec.strategy).toEqual({
      type: 'RollingUpdate',
      rollingUpdate: { maxUnavailable: 0, maxSurge: 1 },
    })
    const budget = object(part, 'PodDisruptionBudget').spec
    expect(budget.selector.matchLabels).toEqual(labels)
    // else no node could be drained
    expect(budget.minAvailable).toBeLessThan(spec.replicas)
    for (const overlay of ['staging', 'prod'])
      expect(kustomization(`overlays/${overlay}`).components).toEqual([`../../${part}`])
    const scaler = object('overlays/prod', 'HorizontalPodAutoscaler').spec
    expect(scaler.scaleTargetRef).toMatchObject({ kind: 'Deployment', name: deployment.metadata.name })
    expect(scaler.minReplicas).toBe(spec.replicas)
  })
})

describe('docs/containers.md', () => {
  const printed = commands(page('docs/containers.md')).filter((command) => command.startsWith('kubectl '))

  test('prints places, names and keys that the manifests have', () => {
    const { items } = pod.volumes.find((volume: Manifest) => volume.name === 'keys').secret
    const keys = items.map((item: Manifest) => item.key)
    const all = printed.join('\n')
    const found = (pattern: RegExp): readonly string[] => {
      const values = [...all.matchAll(pattern)].map(([, value]) => value!)
      expect([pattern.source, values.length]).not.toEqual([pattern.source, 0])
      return values
    }
    for (const path of found(/ -k (\S+)/g))
      expect(existsSync(join(ROOT, path, 'kustomization.yaml'))).toBe(true)
    for (const key of found(/--from-\w+=([\w-]+)=/g)) expect(keys).toContain(key)
    for (const name of found(/(?: -n|--namespace|create namespace) (\S+)/g))
      expect(OVERLAYS.map((overlay) => `neam-${overlay}`)).toContain(name)
    for (const name of found(/ svc\/(\S+)/g)) expect(name).toBe(object('base', 'Service').metadata.name)
    for (const name of found(/ deployment\/(\S+)/g)) expect(name).toBe(deployment.metadata.name)
  })
})
