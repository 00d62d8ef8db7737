// biome-ignore-all lint/style/noExcessiveLinesPerFile: the dashboard as data, from top to bottom
import {
  type Dashboard,
  DashboardCursorSync,
  defaultDashboard,
  type VariableModel,
  VariableRefresh,
  VariableSort,
} from '@grafana/schema';
import { DATA_SOURCE, lines, placed, stat } from './dashboard-panels.ts';

/**
 * The Grafana dashboard, in Grafana's own types. Only the leader shows Trials and Experiments, and
 * another pod may lead tomorrow: so a series is what is left of it without `pod` and `instance`.
 */

const PICKED = 'namespace=~"$namespace", experiment=~"$experiment"';
const newest = (selector: string) => `max without (pod, instance) (${selector})`;
const perSecond = (selector: string) =>
  `sum without (pod, instance) (rate(${selector}[$__rate_interval]))`;
const p99 = (histogram: string) =>
  `histogram_quantile(0.99, sum without (pod, instance, outcome) (rate(${histogram}_bucket[$__rate_interval])))`;

const EXPERIMENTS = [
  stat({
    title: 'Progress',
    description: 'Configurations that ended, of trials.max.',
    width: 8,
    unit: 'percentunit',
    queries: [
      {
        expr: `${newest(`espalier_experiment_configurations{state="completed", ${PICKED}}`)} / ignoring (state) ${newest(`espalier_experiment_max_configurations{${PICKED}}`)}`,
        legend: '{{namespace}}/{{experiment}}',
      },
    ],
  }),
  stat({
    title: 'Best value',
    description: 'Objective of the best Trial that ended.',
    width: 8,
    queries: [
      {
        expr: newest(`espalier_experiment_best_value{${PICKED}}`),
        legend: '{{namespace}}/{{experiment}}',
      },
    ],
  }),
  stat({
    title: 'Phase',
    description: 'Experiments by phase; those that ended leave after an hour.',
    width: 8,
    queries: [
      {
        expr: `count by (phase) (${newest(`espalier_experiment_phase{${PICKED}}`)})`,
        legend: '{{phase}}',
      },
    ],
  }),
  lines({
    title: 'Trials by phase',
    description: 'Of all picked Experiments together.',
    width: 12,
    stacked: true,
    queries: [
      {
        expr: `sum by (phase) (${newest(`espalier_experiment_trials{${PICKED}}`)})`,
        legend: '{{phase}}',
      },
    ],
  }),
  lines({
    title: 'Failed configurations',
    description: 'Of these, an Experiment may have trials.maxFailed.',
    width: 12,
    queries: [
      {
        expr: newest(`espalier_experiment_configurations{state="failed", ${PICKED}}`),
        legend: '{{namespace}}/{{experiment}}',
      },
      {
        expr: newest(`espalier_experiment_max_failed_configurations{${PICKED}}`),
        legend: '{{namespace}}/{{experiment}} may',
      },
    ],
  }),
];

const TRIALS = [
  lines({
    title: '$metric',
    description: 'Latest value of the metric that active Trials report.',
    width: 12,
    queries: [
      {
        expr: newest(`espalier_trial_metric{${PICKED}, metric=~"$metric"}`),
        legend: '{{trial}} {{metric}}',
      },
    ],
  }),
  lines({
    title: 'Objective so far',
    description: 'Best value of the objective that active Trials reported.',
    width: 12,
    queries: [{ expr: newest(`espalier_trial_objective{${PICKED}}`), legend: '{{trial}}' }],
  }),
  lines({
    title: 'Epochs',
    description: 'Finished epochs of active Trials.',
    width: 8,
    queries: [{ expr: newest(`espalier_trial_epoch{${PICKED}}`), legend: '{{trial}}' }],
  }),
  lines({
    title: 'Steps per second',
    description: 'Optimiser steps of active Trials.',
    width: 8,
    queries: [
      {
        expr: newest(`rate(espalier_trial_step{${PICKED}}[$__rate_interval])`),
        legend: '{{trial}}',
      },
    ],
  }),
  lines({
    title: 'Silence',
    description: 'Time since the latest report; a Trial ends after deadlines.stall of it.',
    width: 8,
    unit: 's',
    queries: [
      {
        expr: `time() - ${newest(`espalier_trial_last_report_timestamp_seconds{${PICKED}}`)}`,
        legend: '{{trial}}',
      },
    ],
  }),
];

const CONTROLLER = [
  ...[
    { name: 'Leads', family: 'espalier_leader', description: 'Whether a replica leads.' },
    { name: 'NATS', family: 'espalier_nats_connected', description: 'Whether NATS is connected.' },
    {
      name: 'Caught up',
      family: 'espalier_nats_caught_up',
      description: 'Whether all reports in the stream were read.',
    },
    { name: 'S3', family: 'espalier_s3_reachable', description: 'Whether the store answers.' },
  ].map(({ name, family, description }) =>
    stat({
      title: name,
      description,
      width: 6,
      mustBeOne: true,
      queries: [{ expr: newest(family), legend: name }],
    }),
  ),
  lines({
    title: 'Reports',
    description: 'Messages of trainers per second: folded, and refused by reason.',
    width: 12,
    unit: 'reqps',
    queries: [
      { expr: perSecond('espalier_reports_folded_total'), legend: 'folded' },
      { expr: perSecond('espalier_reports_refused_total'), legend: 'refused: {{reason}}' },
    ],
  }),
  lines({
    title: 'Object store',
    description: 'Requests per second by action and outcome.',
    width: 12,
    unit: 'reqps',
    queries: [{ expr: perSecond('espalier_s3_requests_total'), legend: '{{action}} {{outcome}}' }],
  }),
  lines({
    title: 'Reconciles, p99',
    description: 'Duration with its writes, and the wait in the queue before it.',
    width: 8,
    unit: 's',
    queries: [
      { expr: p99('espalier_reconcile_seconds'), legend: '{{controller}}' },
      { expr: p99('espalier_queue_wait_seconds'), legend: '{{controller}} waits' },
    ],
  }),
  lines({
    title: 'Reconciles',
    description: 'Per second, by outcome.',
    width: 8,
    unit: 'ops',
    queries: [
      {
        expr: perSecond('espalier_reconcile_seconds_count'),
        legend: '{{controller}} {{outcome}}',
      },
    ],
  }),
  lines({
    title: 'API server',
    description: 'Requests per second by code; 0 = no answer.',
    width: 8,
    unit: 'reqps',
    queries: [
      {
        expr: `sum by (code) (${perSecond('espalier_api_requests_total')})`,
        legend: '{{code}}',
      },
    ],
  }),
  lines({
    title: 'Process',
    description: 'Processor time per second, and the delay of the event loop (p99).',
    width: 8,
    unit: 's',
    queries: [
      { expr: perSecond('process_cpu_seconds_total{job=~".*espalier.*"}'), legend: 'processor' },
      { expr: newest('nodejs_eventloop_lag_p99_seconds{job=~".*espalier.*"}'), legend: 'delay' },
    ],
  }),
  lines({
    title: 'Memory',
    description: 'Resident.',
    width: 8,
    unit: 'bytes',
    queries: [
      { expr: newest('process_resident_memory_bytes{job=~".*espalier.*"}'), legend: 'resident' },
    ],
  }),
  lines({
    title: 'Series left out',
    description:
      'Per page, because of metricSeries, metricSeriesPerExperiment or the length of names.',
    width: 8,
    queries: [
      {
        expr: newest('increase(espalier_series_dropped_total[$__rate_interval])'),
        legend: '{{namespace}}/{{experiment}}',
      },
    ],
  }),
];

const VARIABLES: VariableModel[] = [
  { type: 'datasource', name: 'datasource', label: 'Prometheus', query: 'prometheus' },
  choice('namespace', 'label_values(espalier_experiment_info, namespace)'),
  choice(
    'experiment',
    'label_values(espalier_experiment_info{namespace=~"$namespace"}, experiment)',
  ),
  choice('metric', `label_values(espalier_trial_metric{${PICKED}}, metric)`),
];

function choice(name: string, query: string): VariableModel {
  return {
    type: 'query',
    name,
    datasource: DATA_SOURCE,
    query,
    multi: true,
    includeAll: true,
    allValue: '.*',
    current: { text: ['All'], value: ['$__all'], selected: true },
    refresh: VariableRefresh.onTimeRangeChanged,
    sort: VariableSort.alphabeticalAsc,
  };
}

/** The path of the dashboard and its JSON. */
export function dashboardFile(): [string, string] {
  const dashboard: Dashboard = {
    ...defaultDashboard,
    id: null,
    uid: 'espalier',
    title: 'Espalier',
    description: 'Experiments, their active trials, and the controller.',
    tags: ['espalier'],
    graphTooltip: DashboardCursorSync.Crosshair,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    templating: { list: VARIABLES },
    panels: placed([
      { title: 'Experiments', panels: EXPERIMENTS },
      { title: 'Active trials', panels: TRIALS },
      { title: 'Controller', panels: CONTROLLER },
    ]),
  };
  return ['manifests/monitoring/dashboard.json', `${JSON.stringify(dashboard, null, 2)}\n`];
}
