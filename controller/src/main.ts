import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { HealthServer } from './adapters/http/health-server.ts';
import type { ClusterAccess } from './adapters/k8s/access.ts';
import { ServerClock } from './adapters/k8s/server-clock.ts';
import { systemClock } from './adapters/local/system-clock.ts';
import { JsonLog } from './adapters/log/json-log.ts';
import { KeyFolder } from './adapters/nats/key-folder.ts';
import { STREAM_LIMITS } from './adapters/nats/stream-admin.ts';
import { ControllerMetrics } from './adapters/prom/controller-metrics.ts';
import { runCommand } from './commands/commands.ts';
import { clusterAccess } from './commands/one-time-client.ts';
import { type Config, readConfig } from './config.ts';
import type { PodDefaults } from './domain/trial/pod-template.ts';
import { type KubernetesOptions, startKubernetes } from './kubernetes.ts';

/** Exit codes: 0 = ended as told, 1 = broke or lost the lease, 2 = wrong settings. */
async function main(): Promise<number> {
  const ended = await runCommand(process.argv.slice(2));
  if (ended !== undefined) return ended;
  const read = readConfig(process.argv.slice(2), process.env);
  switch (read.kind) {
    case 'help':
      process.stdout.write(`${read.text}\n`);
      return 0;
    case 'problems':
      return refuse(read.problems);
    case 'config': {
      let outside: Outside;
      try {
        outside = await outsideOf(read.config);
      } catch (error) {
        return refuse([error instanceof Error ? error.message : String(error)]);
      }
      return run(read.config, outside);
    }
  }
}

function refuse(problems: readonly string[]): number {
  for (const problem of problems) process.stderr.write(`espalier-controller: ${problem}\n`);
  return 2;
}

/** What the settings name and is there. */
interface Outside {
  readonly access: ClusterAccess;
  readonly streams: NonNullable<KubernetesOptions['streams']>;
}

async function run(config: Config, outside: Outside): Promise<number> {
  const write = (line: string) => void process.stdout.write(line);
  const log = new JsonLog(write, config.logLevel, () => systemClock.now());
  const options = optionsOf(config, outside, log);
  const server = outside.access.server.href;
  log.info('starting', { config, server, identity: options.identity });

  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      // The second one means now.
      if (stop.signal.aborted) process.exit(1);
      log.info('stopping', { signal });
      stop.abort();
    });
  }

  let state = 'the caches are not filled';
  const controller = startKubernetes(options, stop.signal);
  const { telemetry } = options;
  telemetry.watchStreams(() => controller.streams.facts);
  const health = await HealthServer.listen({
    host: config.httpHost,
    port: config.httpPort,
    whyNotReady: () => (state === '' ? undefined : state),
    metrics: async () => (await telemetry.render()) + (await controller.trialMetrics()),
  });
  void controller.ready.then(() => {
    state = '';
    log.info('ready', { httpPort: health.port });
  });
  try {
    await controller.done;
    return 0;
  } catch (error) {
    log.error('ending', { error: error instanceof Error ? error.message : String(error) });
    return 1;
  } finally {
    state = 'stopping';
    await health.close();
  }
}

async function outsideOf(config: Config): Promise<Outside> {
  const { natsServers, natsKeys } = config;
  const isUsed = natsServers.length > 0 && natsKeys !== undefined;
  const keys = isUsed ? await KeyFolder.open(natsKeys) : undefined;
  return {
    access: clusterAccess(config.kubeconfig, config.context),
    streams: {
      ...(keys === undefined
        ? {}
        : {
            nats: {
              servers: natsServers,
              limits: { ...STREAM_LIMITS, maxBytes: config.natsStreamBytes },
              credentials: () => keys.credentials(),
              ca: () => keys.ca(),
              signer: () => keys.signer(),
            },
          }),
      ...(config.s3Bucket === undefined
        ? {}
        : {
            s3: {
              bucket: config.s3Bucket,
              prefix: config.s3Prefix,
              region: config.s3Region,
              ...(config.s3Endpoint === undefined ? {} : { endpoint: config.s3Endpoint }),
              pathStyle: config.s3PathStyle,
              checksums: config.s3Checksums,
              attemptQuotaBytes: config.s3AttemptQuota,
            },
          }),
    },
  };
}

function podDefaults({ trainerImage, natsServers, courierImage, s3Bucket }: Config): PodDefaults {
  return {
    ...(trainerImage === undefined ? {} : { trainerImage }),
    ...(natsServers.length === 0 || courierImage === undefined
      ? {}
      : { streams: { servers: natsServers, courierImage, hasStore: s3Bucket !== undefined } }),
  };
}

function optionsOf(
  config: Config,
  { access, streams }: Outside,
  log: JsonLog,
): KubernetesOptions & { readonly telemetry: ControllerMetrics } {
  const telemetry = new ControllerMetrics();
  const clock = new ServerClock(systemClock, log);
  telemetry.leads(!config.leaderElect);
  return {
    access,
    log,
    telemetry,
    clock,
    onServerDate: (date, roundTripMs) => clock.observe(date, roundTripMs),
    namespaces: config.namespaces,
    defaults: podDefaults(config),
    streams: {
      ...streams,
      ...(streams.s3 && { s3: { ...streams.s3, onRequest: (one) => telemetry.stored(one) } }),
    },
    trialMetrics: {
      maxSeries: config.metricSeries,
      maxSeriesPerExperiment: config.metricSeriesPerExperiment,
      parameters: config.metricParameters,
      graceMs: config.metricGrace,
    },
    identity: `${hostname()}_${randomUUID()}`,
    workers: config.workers,
    viewIntervalMs: config.viewInterval,
    ...(config.leaderElect
      ? {
          lease: {
            namespace: config.leaseNamespace ?? access.namespace ?? 'default',
            name: config.leaseName,
            durationMs: config.leaseDuration,
            renewDeadlineMs: config.renewDeadline,
            retryPeriodMs: config.retryPeriod,
          },
        }
      : {}),
    onLeader: (isLeader) => telemetry.leads(isLeader),
    onRequest: (report) => telemetry.requested(report),
    watch: { onRestart: (resource, why) => telemetry.watchRestarted(resource, why) },
  };
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`espalier-controller: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
